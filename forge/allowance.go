package forge

import "time"

// Allowance is what a host still allows one credential.
type Allowance struct {
	// Who names the credential, such as an installation; Kind is the host's name for the kind of requests.
	Who  string `json:"who"`
	Kind string `json:"kind"`
	// Limit is how many requests there may be, and Remaining how many are left until Reset; Limit is 0 where the host did not say.
	Limit     int       `json:"limit,omitempty"`
	Remaining int       `json:"remaining,omitempty"`
	Reset     time.Time `json:"reset,omitzero"`
	// Until is when requests may go on that the host told to wait; the zero time where they may.
	Until time.Time `json:"until,omitzero"`
}
