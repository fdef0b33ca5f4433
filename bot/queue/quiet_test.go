package queue

import (
	"bytes"
	"log/slog"
	"testing"
)

func TestRiversTalkStaysOutOfTheLog(t *testing.T) {
	var out bytes.Buffer
	log := quiet(slog.New(slog.NewTextHandler(&out, nil)))
	log.Info("one")
	log.With("a", 1).Info("two")
	log.WithGroup("g").Info("three")
	if out.Len() != 0 {
		t.Error(out.String())
	}
	if log.With("a", 1).Warn("four"); out.Len() == 0 {
		t.Error("a warning is kept back")
	}
}
