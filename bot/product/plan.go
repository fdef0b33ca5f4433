package product

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"runtime"
	"time"

	"github.com/codicil-dev/codicil/bot/engine"
)

// plan is everything that a build of the sql runner is made from. Its JSON form is hashed into the build's key.
type plan struct {
	Format  int // raised when the runner makes other tables from the same plan
	Engine  string
	Product string
	Models  []SQLFile
	Seeds   []Seed
	Inputs  []InputTable
	Clock   time.Time
	Control bool
	Threads int
	// Program makes the tables; nil for the sql runner.
	Program *Program `json:",omitempty"`

	dir, owner string // the product's folder, where the program's files are, and whose it is
	before     []*Build
	// absent are tables that can't be there for a reason that was told.
	absent tableSet
}

// planFormat is the plan's Format.
const planFormat = 3

// engineName is what carries plans out.
const engineName = runtime.GOOS + "/" + runtime.GOARCH + " " + engine.DuckDBVersion

// key hashes the plan. Where the seeds lie does not count, only what they hold.
func (pl *plan) key() (string, error) {
	hashed := *pl
	hashed.Engine = engineName
	hashed.Format = planFormat
	hashed.Seeds = make([]Seed, len(pl.Seeds))
	for i, s := range pl.Seeds {
		hashed.Seeds[i] = withoutPlace(s)
	}
	data, err := json.Marshal(&hashed)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

func withoutPlace(s Seed) Seed {
	s.File = ""
	if s.NewColumns != nil {
		later := withoutPlace(*s.NewColumns)
		s.NewColumns = &later
	}
	return s
}
