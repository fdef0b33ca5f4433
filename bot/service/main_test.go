package service_test

import (
	"fmt"
	"os"
	"testing"
)

// TestMain is also the bot's process: the tests that kill it run their own program once more.
func TestMain(m *testing.M) {
	if file := os.Getenv(botVariable); file != "" {
		if err := serveBot(file); err != nil {
			fmt.Fprintln(os.Stderr, "the bot:", err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	_ = os.RemoveAll(builds())
	_ = os.RemoveAll(settled.dir)
	os.Exit(code)
}
