package forge

import "time"

// Conclusion is how a check ended.
type Conclusion string

// Conclusions. Pending is none yet.
const (
	Pending Conclusion = ""
	Success Conclusion = "success"
	Failure Conclusion = "failure"
	// Neutral is neither: it does not stop a merge, and is not a pass.
	Neutral Conclusion = "neutral"
	// ActionRequired waits for a person.
	ActionRequired Conclusion = "action_required"
)

// Check is a result that a host shows at a commit.
type Check struct {
	ID   int64
	Name string
	SHA  string
	// Key is the bot's own name for it, kept by the host.
	Key        string
	Conclusion Conclusion
	// Title is one line, Summary and Text are Markdown.
	Title, Summary, Text string
	URL                  string
	Annotations          []Annotation
}

// Level is how grave an annotation is.
type Level string

// Levels of annotations.
const (
	LevelNotice  Level = "notice"
	LevelWarning Level = "warning"
	LevelFailure Level = "failure"
)

// Annotation says something of a line of a file. Path is from the repository's root, lines count from 1.
type Annotation struct {
	Path           string
	Start, End     int
	Level          Level
	Title, Message string
}

// Credential is what git logs in with. Token is secret.
type Credential struct{ User, Token string }

// Delivery is what a host says of a webhook that it sent.
type Delivery struct {
	// ID names the attempt, GUID the event; a redelivery has the GUID of the first.
	ID    int64
	GUID  string
	Event string
	// OK says that it was answered with a status of 2xx.
	OK     bool
	Status int
	At     time.Time
}
