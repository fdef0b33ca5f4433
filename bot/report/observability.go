package report

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot"
)

// The message of Bitol's Open Observability Results Standard, draft v0.8.1
// (bitol-io.github.io/open-observability-results-standard: fundamentals, results, run lifecycle; RFC 18 of bitol-io/tsc).
type observations struct {
	APIVersion string                `json:"apiVersion"`
	Kind       string                `json:"kind"`
	ID         string                `json:"id"`
	ObservedAt string                `json:"observedAt"`
	Status     string                `json:"status"`
	Source     observationSource     `json:"source"`
	Run        *observationRun       `json:"run,omitempty"`
	Contract   *observationContract  `json:"contract,omitempty"`
	Results    []observation         `json:"results"`
	Custom     []observationProperty `json:"customProperties,omitempty"`
}

type observationSource struct {
	Process string `json:"process"`
	Vendor  string `json:"vendor"`
}

type observationRun struct {
	State     string `json:"state"`
	StartedAt string `json:"startedAt"`
}

type observationContract struct {
	ContractID string `json:"contractId"`
	Standard   string `json:"standard"`
	Version    string `json:"version,omitempty"`
}

type observation struct {
	ID      string                `json:"id"`
	Type    string                `json:"type"`
	Name    string                `json:"name"`
	Status  string                `json:"status"`
	Target  observationTarget     `json:"target"`
	Measure *observationMeasure   `json:"measure,omitempty"`
	Message string                `json:"message,omitempty"`
	Custom  []observationProperty `json:"customProperties"`
}

type observationTarget struct {
	ResourceType       string `json:"resourceType"`
	ResourceIdentifier string `json:"resourceIdentifier"`
}

type observationMeasure struct {
	Metric         string               `json:"metric"`
	Value          int64                `json:"value"`
	Threshold      observationThreshold `json:"threshold"`
	Unit           string               `json:"unit"`
	FailedRowCount int64                `json:"failedRowCount"`
}

type observationThreshold struct {
	MustBe int64 `json:"mustBe"`
}

type observationProperty struct {
	Property string `json:"property"`
	Value    any    `json:"value"`
}

// Observability writes r as one ObservabilityResults message of Bitol's Open Observability Results Standard, of which
// v0.8.1 is a draft. Each result is a check; review is "warn", not run is "skip". As the standard asks, no rows are in
// it, only how many there are. With one product the message names its contract, as bot/odcs exports it.
// The error is that of w.
func Observability(w io.Writer, r *bot.Report) error {
	out := observations{
		APIVersion: "v0.8.1", Kind: "ObservabilityResults", ObservedAt: r.At.UTC().Format(time.RFC3339),
		Source: observationSource{Process: "codicil verify", Vendor: "codicil"},
		Run: &observationRun{State: "completed",
			StartedAt: r.At.UTC().Add(-time.Duration(r.Seconds * float64(time.Second))).Format(time.RFC3339)},
	}
	if len(r.Products) == 1 {
		out.Contract = &observationContract{ContractID: r.Products[0].Product, Standard: "ODCS", Version: r.Products[0].Version}
	}
	for _, res := range r.Results {
		out.Results = append(out.Results, observe(res))
	}
	if len(out.Results) == 0 { // the standard wants at least one
		out.Results = []observation{{
			ID: "verify", Type: "check", Name: "codicil verify", Status: "unknown", Message: "there was nothing to verify",
			Target: observationTarget{ResourceType: "dataset", ResourceIdentifier: "."}, Custom: []observationProperty{},
		}}
	}
	out.Status = observationOverall(out.Results)
	out.Custom = []observationProperty{{"codicilVersion", r.Codicil}, {"impact", r.Impact}, {"verdict", r.Verdict}}
	content, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("write the report as observability results: %w", err)
	}
	out.ID = uuid(content)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(out)
}

func observe(r bot.Result) observation {
	o := observation{
		ID: observationID(r), Type: "check", Name: r.Name, Message: r.Message, Status: observationStatus(r.Status),
		Target: observationTarget{ResourceType: "dataset", ResourceIdentifier: r.Product},
		Custom: []observationProperty{{"codicilId", r.ID}, {"area", r.Area}},
	}
	if r.Amendment > 0 {
		o.Custom = append(o.Custom, observationProperty{"amendment", r.Amendment})
	}
	if r.New {
		o.Custom = append(o.Custom, observationProperty{"new", true})
	}
	if r.Proof != "" {
		o.Custom = append(o.Custom, observationProperty{"proof", r.Proof})
	}
	if p := place(r); p != "" {
		o.Custom = append(o.Custom, observationProperty{"place", p})
	}
	if r.Sample != nil {
		o.Measure = &observationMeasure{Metric: "violations", Value: r.Sample.Total, Unit: "rows", FailedRowCount: r.Sample.Total}
	}
	return o
}

func observationStatus(s bot.Status) string {
	switch s {
	case bot.Pass:
		return "pass"
	case bot.Fail:
		return "fail"
	case bot.Review:
		return "warn"
	case bot.NotRun:
		return "skip"
	}
	return "unknown"
}

// observationOverall follows the standard: the first of these that occurs.
func observationOverall(results []observation) string {
	for _, s := range []string{"error", "fail", "warn", "pass", "skip"} {
		for _, r := range results {
			if r.Status == s {
				return s
			}
		}
	}
	return "unknown"
}

// observationID is stable from run to run and has only letters, digits, _ and -, as the Bitol standards ask of ids.
func observationID(r bot.Result) string {
	full := r.Product + "/" + r.ID
	safe := strings.Map(func(c rune) rune {
		if c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return c
		}
		return '-'
	}, full)
	sum := sha256.Sum256([]byte(full))
	return fmt.Sprintf("%s-%x", strings.Trim(safe[:min(len(safe), 80)], "-"), sum[:4])
}

// uuid is a version 8 UUID (RFC 9562) made of the hash of content, so that the same report has the same id.
func uuid(content []byte) string {
	b := sha256.Sum256(content)
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
