package service_test

import (
	"testing"
	"time"

	"github.com/codicil-dev/codicil/forge/localforge"
)

// faults are what goes wrong on a forge, one after the other and at last together.
var faults = []struct {
	name   string
	faults localforge.Faults
	script []localforge.Fault
}{
	{name: "together", faults: localforge.Faults{Latency: 20 * time.Millisecond, FailBefore: 0.03, FailAfter: 0.05, Drop: 0.03, Secondary: 0.02, RetryAfter: time.Second, ListLag: time.Second,
		Hooks: localforge.HookFaults{Failed: 0.1, Lost: 0.1, Repeated: 0.1, Renamed: 0.1, Shuffled: 0.1}, Pushes: localforge.PushFaults{FailBefore: 0.1, FailAfter: 0.2, Drop: 0.1}}},
	{name: "latency", faults: localforge.Faults{Latency: 100 * time.Millisecond}},
	{name: "5xx before", faults: localforge.Faults{FailBefore: 0.2}},
	{name: "5xx after", faults: localforge.Faults{FailAfter: 0.2}},
	{name: "dropped after", faults: localforge.Faults{Drop: 0.2}},
	{name: "all writes 5xx after, once each", script: []localforge.Fault{
		{Method: "POST", Path: "/repos/*/*/issues/*/comments", Kind: localforge.FailAfter, Times: 6}, {Method: "POST", Path: "/repos/*/*/pulls", Kind: localforge.FailAfter, Times: 2},
		{Method: "POST", Path: "/repos/*/*/check-runs", Kind: localforge.FailAfter, Times: 4}, {Method: "PUSH", Kind: localforge.FailAfter, Times: 3}}},
	{name: "secondary limits", faults: localforge.Faults{Secondary: 0.15, RetryAfter: time.Second}},
	{name: "primary limit", faults: localforge.Faults{HourlyLimit: 5, Hour: 3 * time.Second}},
	{name: "lists lag", faults: localforge.Faults{ListLag: visibility / 2, FailAfter: 0.1}},
	{name: "webhooks lost", faults: localforge.Faults{Hooks: localforge.HookFaults{Lost: 0.4}}},
	{name: "webhooks failed", faults: localforge.Faults{Hooks: localforge.HookFaults{Failed: 0.4}}},
	{name: "webhooks repeated", faults: localforge.Faults{Hooks: localforge.HookFaults{Repeated: 0.5, Renamed: 0.5}}},
	{name: "webhooks out of order", faults: localforge.Faults{Hooks: localforge.HookFaults{Shuffled: 0.4}}},
	{name: "pushes", faults: localforge.Faults{Pushes: localforge.PushFaults{FailBefore: 0.2, FailAfter: 0.4, Drop: 0.2}}},
}

// TestFaults plays the story on a forge where things go wrong: it ends as if nothing had happened.
func TestFaults(t *testing.T) {
	begin(t) // once, for all
	atOnce(len(faults), func(n int) (more bool) {
		if n > 0 && !whole() {
			return false
		}
		f := faults[n]
		return t.Run(f.name, func(t *testing.T) {
			start := time.Now()
			w := begin(t)
			w.setting.Sweep = "2s"
			f.faults.Seed = 1
			w.SetFaults(f.faults)
			w.Script(f.script...)
			p := run(t, w.setting, "")
			s := w.play(asked|ruling, 3*time.Minute)
			// What people did last may not have been told, and lists show it late.
			p.idleAfter(time.Now().Add(f.faults.ListLag), 10*time.Second, 3*time.Minute)
			w.SetFaults(localforge.Faults{})
			if err := p.stop(); err != nil {
				t.Error(err)
			}
			s.hold(0)
			t.Logf("in %v", time.Since(start).Round(time.Second))
		}) || true
	})
}
