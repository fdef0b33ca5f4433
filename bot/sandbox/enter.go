package sandbox

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// The pipes of a child, as file descriptors.
const (
	requestsFD = 3
	repliesFD  = 4
)

// Enter is called in the child before anything else. It imposes on this process what the parent asks for, tells it
// what is in force, and returns the pipe of requests and that of replies. After an error the child must exit.
func Enter() (requests io.Reader, replies io.Writer, err error) {
	in := bufio.NewReaderSize(os.NewFile(requestsFD, "requests"), 64<<10)
	out := os.NewFile(repliesFD, "replies")
	line, err := in.ReadBytes('\n')
	if err != nil {
		return nil, nil, fmt.Errorf("read the sandbox's policy: %w", err)
	}
	var p Policy
	if err := json.Unmarshal(line, &p); err != nil {
		return nil, nil, fmt.Errorf("read the sandbox's policy: %w", err)
	}
	c, err := p.Impose()
	if err != nil {
		return nil, nil, err
	}
	if err := json.NewEncoder(out).Encode(c); err != nil {
		return nil, nil, fmt.Errorf("report the sandbox's confinement: %w", err)
	}
	return in, out, nil
}
