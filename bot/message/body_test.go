package message

import (
	"fmt"
	"strings"
	"testing"
)

func TestChanges(t *testing.T) {
	for name, c := range changes(t) {
		t.Run(name, func(t *testing.T) {
			var labels []string
			for _, l := range c.Labels() {
				labels = append(labels, l.Name)
			}
			specMessage, implementation := CommitMessages(c)
			golden(t, name+".md", c.Body(0))
			golden(t, name+".txt", fmt.Sprintf("%s\n%s\n\n---\n%s\n---\n%s", c.Title(), strings.Join(labels, ", "), specMessage, implementation))
		})
	}
}
