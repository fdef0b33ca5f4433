package localforge

import (
	"encoding/json"
	"fmt"
	"time"
)

// delivery is one webhook.
type delivery struct {
	ID         int64           `json:"id"`
	GUID       string          `json:"guid"`
	App        int64           `json:"app"`
	Event      string          `json:"event"`
	Action     string          `json:"action"`
	Repo       int64           `json:"repo"`
	Install    int64           `json:"install"`
	Payload    json.RawMessage `json:"payload"`
	At         time.Time       `json:"at"`
	Redelivery bool            `json:"redelivery"`
}

// outcome is what became of a delivery that was tried.
type outcome struct {
	Status  int     `json:"status"` // 0 if nobody answered
	Seconds float64 `json:"seconds"`
	Said    string  `json:"said"` // the receiver's answer, or why there was none
}

// mostDeliveries is how many deliveries of an app are kept unless the options say otherwise.
const mostDeliveries = 5000

// announce sends an event to the apps that are installed on a repository. The forge's mutex is held.
func (f *Forge) announce(event, action string, r *repo, by string, payload object) {
	installed := f.installations.all(func(i *installation) bool { return i.covers(r) && f.apps.rows[i.App].HookURL != "" })
	if len(installed) == 0 {
		return
	}
	payload["repository"], payload["sender"] = f.repoJSON(r), f.userJSON(by)
	for _, i := range installed {
		payload["installation"] = object{"id": i.ID, "node_id": node("I", i.ID)}
		f.tell(event, action, i, r.ID, payload)
	}
}

// tell sends an event to the app of an installation, unless the faults have it lost. The forge's mutex is held.
func (f *Forge) tell(event, action string, i *installation, repo int64, payload object) {
	if action != "" {
		payload["action"] = action
	}
	data, err := json.Marshal(payload)
	if err != nil {
		panic(fmt.Sprintf("localforge: announce %s: %v", event, err)) // only this package's own types
	}
	fate := f.faults.hookFate()
	if fate.lost {
		return
	}
	d := delivery{ID: f.next(), GUID: guid(), App: i.App, Event: event, Action: action, Repo: repo, Install: i.ID, Payload: data, At: f.time()}
	f.keepDelivery(d)
	if fate.failed {
		put(f.store, &f.outcomes, d.ID, &outcome{Status: 502, Said: "the delivery was lost on its way"})
		return
	}
	f.hooks.send(d.App, d.ID, fate.held)
	if fate.repeated || fate.renamed {
		again := d
		again.ID = f.next()
		if fate.renamed {
			again.GUID = guid()
		}
		f.keepDelivery(again)
		f.hooks.send(again.App, again.ID, fate.held)
	}
}

// keepDelivery keeps a delivery, and no more of its app's old ones than there is room for. Those that wait to be sent stay whatever their number.
func (f *Forge) keepDelivery(d delivery) {
	put(f.store, &f.deliveries, d.ID, &d)
	if f.kept[d.App]++; f.kept[d.App] < f.most+f.most/10+1 {
		return
	}
	all := f.deliveries.of(d.App, nil)
	f.kept[d.App] = f.most // looked at again after a tenth more
	for _, old := range all[:max(0, len(all)-f.most)] {
		if f.outcomes.rows[old.ID] != nil {
			remove(f.store, &f.deliveries, old.ID)
			remove(f.store, &f.outcomes, old.ID)
		}
	}
}

// hookFate is what goes wrong with a delivery.
type hookFate struct {
	lost, failed, repeated, renamed bool
	held                            time.Duration
}

// reach is how long a shuffled delivery is held back at most, unless there is a delay.
const reach = time.Second / 4

func (s *faultState) hookFate() (out hookFate) {
	set := s.now().Hooks
	chance := func(name string, share float64) bool { return share > 0 && s.draw("hook "+name) < share }
	out.lost, out.failed = chance("lost", set.Lost), chance("failed", set.Failed)
	out.repeated, out.renamed = chance("repeated", set.Repeated), chance("renamed", set.Renamed)
	longest := set.Delay
	if set.Shuffled > 0 && longest == 0 {
		longest = reach
	}
	if longest > 0 && (set.Shuffled == 0 || chance("shuffled", set.Shuffled)) {
		out.held = time.Duration(s.draw("hook held") * float64(longest))
	}
	return out
}
