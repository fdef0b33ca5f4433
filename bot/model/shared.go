package model

import (
	"crypto/sha256"
	"fmt"
)

// place is a message of a request in a recording.
type place struct {
	Exchange int `json:"exchange"` // its number
	Message  int `json:"message"`  // from 1
}

// sharedFrom is from how many bytes on a text is written once in a recording.
const sharedFrom = 400

// share finds the messages that were said before in the recording, and remembers the others.
func (r *Recorder) share(messages []Message) map[int]place {
	shared := map[int]place{}
	for i, m := range messages {
		if len(m.Text) < sharedFrom {
			continue
		}
		sum := sha256.Sum256([]byte(string(m.Role) + "\x00" + m.Text))
		if at, ok := r.places[sum]; ok {
			shared[i] = at
		} else {
			r.places[sum] = place{Exchange: r.count + 1, Message: i + 1}
		}
	}
	return shared
}

// fillIn puts the texts of messages in their places that stand in earlier exchanges.
func (x *Exchange) fillIn(earlier []Exchange) error {
	for i, at := range x.shared {
		if at.Exchange < 1 || at.Exchange > len(earlier) || at.Message < 1 || at.Message > len(earlier[at.Exchange-1].Request.Messages) {
			return fmt.Errorf("message %d is said to be message %d of exchange %d, which is not there before it; record it again", i+1, at.Message, at.Exchange)
		}
		said := earlier[at.Exchange-1].Request.Messages[at.Message-1]
		if said.Role != x.Request.Messages[i].Role {
			return fmt.Errorf("message %d is said to be message %d of exchange %d, which has another role; record it again", i+1, at.Message, at.Exchange)
		}
		x.Request.Messages[i].Text = said.Text
	}
	return nil
}
