package state_test

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// open opens a new database whose time stands still until the clock is moved.
func open(t *testing.T) (db *state.DB, clock *time.Time) {
	now := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	db, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db, &now
}

func update(t *testing.T, db *state.DB, f func(*state.Tx) error) {
	t.Helper()
	if err := db.Update(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

// product makes a product in a repository of its own.
func product(t *testing.T, db *state.DB, name string) state.Product {
	var p state.Product
	update(t, db, func(tx *state.Tx) error {
		r, err := tx.SaveRepository(forge.Repository{Repo: forge.Repo{Host: "github.com", Owner: "acme", Name: name}})
		if err != nil {
			return err
		}
		if err := tx.SaveProducts(r.ID, []state.Product{{Path: ".", Name: name}}); err != nil {
			return err
		}
		all, err := tx.ProductsIn(r.ID)
		p = all[0]
		return err
	})
	return p
}

func TestOneProcessHoldsADatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.db")
	db, err := state.Open(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	var used *state.InUseError
	if _, err := state.Open(t.Context(), file, nil); !errors.As(err, &used) {
		t.Errorf("a second process gets %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := state.Open(t.Context(), file, nil)
	if err != nil {
		t.Fatalf("after the first one is gone: %v", err)
	}
	again.Close()
}

func TestDeliveriesAreKeptOnce(t *testing.T) {
	db, _ := open(t)
	receive := func(guid, key string) (fresh bool) {
		update(t, db, func(tx *state.Tx) (err error) {
			fresh, err = tx.Receive(state.Delivery{Host: "github.com", GUID: guid, Event: "push", Key: key, Payload: []byte("{}"), Received: tx.Now()})
			return err
		})
		return fresh
	}
	for _, c := range []struct {
		guid, key string
		fresh     bool
	}{
		{"a", "push/1", true}, {"a", "push/1", false}, {"b", "push/1", false}, {"c", "", true}, {"d", "", true}, {"c", "push/2", false},
	} {
		if got := receive(c.guid, c.key); got != c.fresh {
			t.Errorf("delivery %s of %q: fresh %v, want %v", c.guid, c.key, got, c.fresh)
		}
	}
	update(t, db, func(tx *state.Tx) error {
		waiting, err := tx.Waiting(10)
		if err != nil || len(waiting) != 3 {
			t.Errorf("%d wait: %v", len(waiting), err)
		}
		if err := tx.Looked(waiting[0].ID, "done"); err != nil {
			return err
		}
		return tx.PutOff(waiting[1].ID, tx.Now().Add(time.Minute), "the forge is away")
	})
	update(t, db, func(tx *state.Tx) error {
		waiting, err := tx.Waiting(10)
		if err != nil || len(waiting) != 1 || waiting[0].GUID != "d" {
			t.Errorf("waiting after the first was looked at and the second put off: %v %v", waiting, err)
		}
		at, ok, err := tx.NextWaiting()
		if err != nil || !ok || at.After(tx.Now()) {
			t.Errorf("the next is at %v %v %v", at, ok, err)
		}
		return nil
	})
}

func TestWhatIsNotSoAnyMoreIsForgottenOfAProduct(t *testing.T) {
	db, _ := open(t)
	update(t, db, func(tx *state.Tx) error {
		r, err := tx.SaveRepository(forge.Repository{Repo: forge.Repo{Host: "github.com", Owner: "o", Name: "r"}})
		if err != nil {
			return err
		}
		save := func(d state.ProductData) state.Product {
			if err := tx.SaveProducts(r.ID, []state.Product{{Path: "orders", Name: "orders", ProductData: d}}); err != nil {
				t.Fatal(err)
			}
			found, err := tx.ProductsIn(r.ID)
			if err != nil || len(found) != 1 {
				t.Fatalf("%v %v", found, err)
			}
			return found[0]
		}
		p := save(state.ProductData{Unreadable: "line 3", Inputs: []string{"customers"}, Owner: "shop"})
		p.Refreshed = "yesterday"
		if err := tx.SaveProduct(p); err != nil {
			return err
		}
		for range 2 {
			if p = save(state.ProductData{}); p.Unreadable != "" || len(p.Inputs) != 0 || p.Owner != "" || p.Refreshed != "yesterday" {
				t.Errorf("this is left: %+v", p.ProductData)
			}
		}
		return nil
	})
}

func TestALeaseIsOnePersonsAtATime(t *testing.T) {
	db, clock := open(t)
	take := func(holder string) (l state.Lease, ok bool) {
		update(t, db, func(tx *state.Tx) (err error) {
			l, ok, err = tx.Take("product/1", holder, 20*time.Second)
			return err
		})
		return l, ok
	}
	first, ok := take("a")
	if !ok {
		t.Fatal("a free lease is not given")
	}
	if _, ok := take("b"); ok {
		t.Error("a lease that is held is given away")
	}
	*clock = clock.Add(21 * time.Second)
	second, ok := take("b")
	if !ok || second.Fence <= first.Fence {
		t.Errorf("a lease that ran out: %v %v", second, ok)
	}
	update(t, db, func(tx *state.Tx) error {
		if ok, err := tx.Renew(first, time.Minute); ok || err != nil {
			t.Errorf("whoever lost a lease may renew it: %v %v", ok, err)
		}
		if ok, err := tx.Holds(first); ok || err != nil {
			t.Errorf("whoever lost a lease holds it: %v %v", ok, err)
		}
		if err := tx.Free(first); err != nil { // must not touch the new holder's
			return err
		}
		if ok, err := tx.Holds(second); !ok || err != nil {
			t.Errorf("the holder lost it: %v %v", ok, err)
		}
		return tx.Free(second)
	})
	if _, ok := take("c"); !ok {
		t.Error("a lease that was freed is not given")
	}
}

func TestATriggerIsNeverSkipped(t *testing.T) {
	db, _ := open(t)
	p := product(t, db, "orders")
	update(t, db, func(tx *state.Tx) error {
		for range 3 {
			if _, err := tx.Want(p.ID); err != nil {
				return err
			}
		}
		return tx.SeenTo(p.ID, 2)
	})
	update(t, db, func(tx *state.Tx) error {
		behind, err := tx.Behind()
		if err != nil || len(behind) != 1 || behind[0].Wanted != 3 || behind[0].Done != 2 {
			t.Errorf("behind: %+v %v", behind, err)
		}
		if err := tx.SeenTo(p.ID, 3); err != nil {
			return err
		}
		if err := tx.SeenTo(p.ID, 1); err != nil { // somebody late
			return err
		}
		behind, err = tx.Behind()
		if err != nil || len(behind) != 0 {
			t.Errorf("still behind: %+v %v", behind, err)
		}
		return nil
	})
}

func TestTriggersAreKeptOnceAndDeclinedOnesKnown(t *testing.T) {
	db, _ := open(t)
	p := product(t, db, "orders")
	x := state.Trigger{ProductID: p.ID, Kind: state.KindIssue, Key: "comment/7", Hash: "h", State: state.TriggerWaiting, Issue: 3, TriggerData: state.TriggerData{Requirement: "count the items"}}
	update(t, db, func(tx *state.Tx) error {
		id, fresh, err := tx.AddTrigger(x)
		if err != nil || !fresh {
			t.Errorf("added: %v %v", fresh, err)
		}
		again, fresh, err := tx.AddTrigger(x)
		if err != nil || fresh || again != id {
			t.Errorf("added again: %d %v %v", again, fresh, err)
		}
		if known, err := tx.WasDeclined(p.ID, "h"); known || err != nil {
			t.Errorf("declined before anybody did: %v %v", known, err)
		}
		got, ok, err := tx.Trigger(id)
		if err != nil || !ok || got.Requirement != "count the items" || got.Issue != 3 {
			t.Errorf("kept as %+v %v %v", got, ok, err)
		}
		got.State, got.Reason = state.TriggerDeclined, "closed by jane"
		if err := tx.SaveTrigger(got); err != nil {
			return err
		}
		if known, err := tx.WasDeclined(p.ID, "h"); !known || err != nil {
			t.Errorf("what was declined is not known: %v %v", known, err)
		}
		waiting, err := tx.TriggersOf(p.ID, state.TriggerWaiting)
		every, err2 := tx.TriggersOf(p.ID)
		if len(waiting) != 0 || len(every) != 1 || err != nil || err2 != nil {
			t.Errorf("%d wait of %d: %v %v", len(waiting), len(every), err, err2)
		}
		return nil
	})
}

func TestProductsThatVanishAreGoneAndComeBackAsTheyWere(t *testing.T) {
	db, _ := open(t)
	p := product(t, db, "orders")
	update(t, db, func(tx *state.Tx) error {
		p.Refreshed = "f1"
		if err := tx.SaveProduct(p); err != nil {
			return err
		}
		if err := tx.SaveProducts(p.RepositoryID, nil); err != nil {
			return err
		}
		left, err := tx.ProductsIn(p.RepositoryID)
		if len(left) != 0 || err != nil {
			t.Errorf("left: %v %v", left, err)
		}
		if err := tx.SaveProducts(p.RepositoryID, []state.Product{{Path: ".", Name: "orders", ProductData: state.ProductData{Inputs: []string{"customers"}}}}); err != nil {
			return err
		}
		back, err := tx.ProductsIn(p.RepositoryID)
		if err != nil || len(back) != 1 || back[0].ID != p.ID || back[0].Refreshed != "f1" || len(back[0].Inputs) != 1 {
			t.Errorf("back as %+v %v", back, err)
		}
		return nil
	})
}

func TestWhatASpecSaysNoMoreIsForgotten(t *testing.T) {
	db, _ := open(t)
	p := product(t, db, "orders")
	p.Refreshed = "f1"
	update(t, db, func(tx *state.Tx) error {
		if err := tx.SaveProduct(p); err != nil {
			return err
		}
		for _, data := range []state.ProductData{
			{Inputs: []string{"customers"}, Owner: "sales"},
			{Unreadable: "spec.yaml:1: it is no YAML"},
			{},
		} {
			if err := tx.SaveProducts(p.RepositoryID, []state.Product{{Path: ".", Name: "orders", ProductData: data}}); err != nil {
				return err
			}
			data.Refreshed = "f1"
			now, _, err := tx.Product(p.ID)
			if err != nil || !reflect.DeepEqual(now.ProductData, data) {
				t.Errorf("found %+v, kept %+v: %v", data, now.ProductData, err)
			}
		}
		return nil
	})
}

func TestARepositoryThatIsRenamedStaysTheSame(t *testing.T) {
	db, _ := open(t)
	update(t, db, func(tx *state.Tx) error {
		old, err := tx.SaveRepository(forge.Repository{ID: 9, Repo: forge.Repo{Host: "github.com", Owner: "acme", Name: "old"}})
		if err != nil {
			return err
		}
		renamed, err := tx.SaveRepository(forge.Repository{ID: 9, Repo: forge.Repo{Host: "github.com", Owner: "acme", Name: "new"}})
		if err != nil || renamed.ID != old.ID {
			t.Errorf("%d became %d: %v", old.ID, renamed.ID, err)
		}
		if _, ok, err := tx.Repository("github.com/acme/old"); ok || err != nil {
			t.Errorf("the old name is still there: %v", err)
		}
		return nil
	})
}

func TestARepositoryWithTheNameOfAnotherIsNotThatOne(t *testing.T) {
	db, _ := open(t)
	update(t, db, func(tx *state.Tx) error {
		save := func(id int64, name string) state.Repository {
			r, err := tx.SaveRepository(forge.Repository{ID: id, Repo: forge.Repo{Host: "github.com", Owner: "acme", Name: name}})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		first := save(1, "data")
		if err := tx.SaveProducts(first.ID, []state.Product{{Path: ".", Name: "orders"}}); err != nil {
			return err
		}
		second := save(2, "data") // the first was renamed, which nobody has told yet
		if second.ID == first.ID {
			t.Error("another repository took the first one's place with its name")
		}
		if left, err := tx.ProductsIn(first.ID); len(left) != 0 || err != nil {
			t.Errorf("products of the first are looked for in the second: %v %v", left, err)
		}
		if at, _, err := tx.RepositoryOf(first.ID); at.Key() == second.Key() || err != nil {
			t.Errorf("the first is still called %s: %v", at.Key(), err)
		}
		if renamed := save(1, "archive"); renamed.ID != first.ID {
			t.Errorf("%d became %d with its new name", first.ID, renamed.ID)
		}
		if again := save(1, "data"); again.ID != first.ID {
			t.Errorf("%d became %d when it took the name back", first.ID, again.ID)
		}
		if at, ok, err := tx.Repository("github.com/acme/data"); at.ID != first.ID || !ok || err != nil {
			t.Errorf("the name leads to %d, want %d: %v", at.ID, first.ID, err)
		}
		return nil
	})
}

func TestATransactionThatFailsLeavesNothing(t *testing.T) {
	db, _ := open(t)
	called := false
	err := db.Update(t.Context(), func(tx *state.Tx) error {
		tx.After(func() { called = true })
		if err := tx.Set("a", "1"); err != nil {
			return err
		}
		return errors.New("no")
	})
	if err == nil || called {
		t.Errorf("error %v, called %v", err, called)
	}
	_ = db.View(t.Context(), func(tx *state.Tx) error {
		if v, ok, err := tx.Setting("a"); ok || err != nil {
			t.Errorf("left %q %v", v, err)
		}
		return nil
	})
}

func TestAnswersAreForgottenAndTheirCostIsNot(t *testing.T) {
	db, _ := open(t)
	update(t, db, func(tx *state.Tx) error {
		for _, order := range []string{"c/1", "c/1/again/1", "c/10"} {
			for _, key := range []string{"answer/x", "spent"} {
				if err := tx.KeepAnswer(order, key, "{}"); err != nil {
					return err
				}
			}
		}
		return tx.DropAnswers("c/1")
	})
	update(t, db, func(tx *state.Tx) error {
		for order, left := range map[string]bool{"c/1": false, "c/1/again/1": false, "c/10": true} {
			if _, ok, err := tx.Answer(order, "answer/x"); err != nil || ok != left {
				t.Errorf("an answer of %s is left: %v, want %v (%v)", order, ok, left, err)
			}
			if _, ok, err := tx.Answer(order, "spent"); err != nil || !ok {
				t.Errorf("what %s cost is left: %v (%v)", order, ok, err)
			}
		}
		return nil
	})
}
