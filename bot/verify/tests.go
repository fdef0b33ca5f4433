package verify

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
)

// tests runs the product's own tests, and the base's tests where the head has changed or deleted them undeclared.
func (w *work) tests(ctx context.Context) error {
	files, problems := w.head.Tests()
	for i, p := range problems {
		r := w.add(bot.AreaTests, bot.Fail, path.Base(p.File), p.Message, "unreadable", fmt.Sprint(i+1))
		r.File, r.Line = p.File, p.Line
	}
	w.comparedTests(files)
	if w.own == nil {
		w.notRun(bot.AreaTests, "the head does not build")
		return nil
	}
	for _, f := range files {
		if err := w.runTest(ctx, w.worlds, f, w.isBaseTest(f), testID(f.Path)); err != nil {
			return err
		}
	}
	for _, x := range w.own.Tests {
		status := bot.Pass
		if x.Message != "" {
			status = bot.Fail
		}
		w.add(bot.AreaTests, status, x.Name, x.Message, "program", x.Name)
	}
	for _, f := range w.replacedTests(files) {
		if err := w.runTest(ctx, w.worlds, f, true, testID(f.Path)+" at the base"); err != nil {
			return err
		}
	}
	if len(files) == 0 && len(problems) == 0 && len(w.own.Tests) == 0 {
		w.add(bot.AreaTests, bot.Pass, "the product has no tests of its own", "", "none")
	}
	return nil
}

func testID(file string) string {
	return strings.TrimSuffix(strings.TrimPrefix(file, "tests/"), ".sql")
}

// baseTests are the base's tests by path.
func (w *work) baseTests() map[string]product.SQLFile {
	out := map[string]product.SQLFile{}
	if w.base == nil {
		return out
	}
	files, _ := w.base.Tests()
	for _, f := range files {
		out[f.Path] = f
	}
	return out
}

// isBaseTest says whether the base has the very same test, so that it may still use old names.
func (w *work) isBaseTest(f product.SQLFile) bool {
	old, ok := w.baseTests()[f.Path]
	return ok && old.Text == f.Text
}

// replacedTests are the base's tests that the head has deleted or changed without declaring it.
func (w *work) replacedTests(head []product.SQLFile) []product.SQLFile {
	now := map[string]string{}
	for _, f := range head {
		now[f.Path] = f.Text
	}
	var out []product.SQLFile
	for _, f := range sortedFiles(w.baseTests()) {
		if _, _, declared := w.test(f.Path); !declared && now[f.Path] != f.Text {
			out = append(out, f)
		}
	}
	return out
}

// comparedTests records each test that was deleted or changed; undeclared, that is a failure.
func (w *work) comparedTests(head []product.SQLFile) {
	now := map[string]string{}
	for _, f := range head {
		now[f.Path] = f.Text
	}
	for _, f := range sortedFiles(w.baseTests()) {
		text, there := now[f.Path]
		if there && text == f.Text {
			continue
		}
		d := bot.Difference{Product: w.name, Kind: bot.TestChanged, Old: f.Path, New: f.Path, Impact: bot.ImpactNone, Message: "test " + f.Path + " was changed"}
		if !there {
			d.Kind, d.New, d.Message = bot.TestRemoved, "", "test "+f.Path+" was deleted"
		}
		declared, by, ok := w.test(f.Path)
		if ok {
			d.Declared, d.DeclaredBy = true, by
			d.Message += ", as amendment " + fmt.Sprint(by) + " declares, because: " + declared.Because
		}
		w.differences = append(w.differences, d)
	}
}

func sortedFiles(files map[string]product.SQLFile) []product.SQLFile {
	var out []product.SQLFile
	for _, name := range sortedKeys(files) {
		out = append(out, files[name])
	}
	return out
}

// runTest runs one test on the head.
func (w *work) runTest(ctx context.Context, worlds *worlds, f product.SQLFile, oldNames bool, id string) error {
	var overlays []relation
	if oldNames {
		overlays = w.namesOfTests(w.own)
	}
	x, err := worlds.with(ctx, overlays)
	if err != nil {
		return err
	}
	out := x.run(ctx, f.Text)
	switch {
	case out.err != nil && ctx.Err() != nil:
		return ctx.Err()
	case out.err != nil:
		w.add(bot.AreaTests, bot.Fail, id, "it can't be run: "+w.mask.fault(out), id).File = w.file(f.Path)
	case out.total > 0:
		r := w.add(bot.AreaTests, bot.Fail, id, fmt.Sprintf("%d rows fail it", out.total), id)
		r.File, r.Sample = w.file(f.Path), w.mask.sample(out.rows, out.total, out.exposes)
	default:
		w.add(bot.AreaTests, bot.Pass, id, "", id).File = w.file(f.Path)
	}
	return nil
}
