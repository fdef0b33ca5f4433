package work

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"github.com/codicil-dev/codicil/bot/message"
)

// shown remembers which stage of each trigger is shown, so that each is shown once.
type shown struct {
	mu sync.Mutex
	of map[int64]stageShown
}

type stageShown struct {
	stage message.Stage
	round int
}

// show says whether a stage is to be shown.
func (s *shown) show(trigger int64, stage message.Stage, round int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := stageShown{stage, round}
	if s.of[trigger] == now {
		return false
	}
	if s.of == nil {
		s.of = map[int64]stageShown{}
	}
	s.of[trigger] = now
	return true
}

func (s *shown) forget(trigger int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, trigger)
}

// fingerprint tells texts apart in keys.
func fingerprint(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}
