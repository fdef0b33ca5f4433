package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/why"
)

// kept is the last verification of one product, for codicil why. No values of rows are kept.
type kept struct {
	Dir string `json:"dir"`
	// Digest is that of the product's files when they were verified.
	Digest string      `json:"digest"`
	Report *bot.Report `json:"report"`
}

// remember keeps the results of each product of a report. Nothing is kept where there is no cache.
func (c *cli) remember(f buildFlags, in verify.Input, r *bot.Report) error {
	folder, err := c.cacheFolder(f)
	if err != nil || folder == "" {
		return err
	}
	for _, p := range r.Products {
		dir := filepath.Join(in.Head.Root, filepath.FromSlash(p.Path))
		digest, err := digestOf(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it vanished from the head
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", dir, err)
		}
		k := kept{Dir: dir, Digest: digest, Report: &bot.Report{
			Schema: r.Schema, Codicil: r.Codicil, At: r.At, Base: r.Base, Verdict: p.Verdict, Impact: p.Impact, Products: []bot.ProductReport{p},
		}}
		for _, result := range r.Results {
			if result.Product == p.Product {
				result.Sample = nil
				k.Report.Results = append(k.Report.Results, result)
			}
		}
		if err := keep(resultsFile(folder, dir), k); err != nil {
			return err
		}
	}
	return nil
}

// recall returns the last verification of the product in dir; nil if none is kept.
func (c *cli) recall(f buildFlags, dir string) (*why.Last, error) {
	folder, err := c.cacheFolder(f)
	if err != nil || folder == "" {
		return nil, err
	}
	data, err := os.ReadFile(resultsFile(folder, dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var k kept
	if err := json.Unmarshal(data, &k); err != nil || k.Dir != dir || k.Report == nil {
		return nil, nil // of another version of the program: the next verification writes it anew
	}
	digest, err := digestOf(dir)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	return &why.Last{Report: k.Report, Changed: digest != k.Digest}, nil
}

// resultsFile is where the results of the product in dir are kept.
func resultsFile(cache, dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(cache, "results", hex.EncodeToString(sum[:16])+".json")
}

// keep writes a file in one step, so that whoever reads meanwhile sees the old one or the new one.
func keep(file string, k kept) error {
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

// largeFile is the size in bytes from which a file counts by its size and time instead of its content.
const largeFile = 16 << 20

// digestOf hashes the files of a product, without what programs leave there and other products below it.
func digestOf(dir string) (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != dir && (generated(entry.Name()) || isProduct(name)) {
				return filepath.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() || strings.HasPrefix(entry.Name(), ".") {
			return nil
		}
		return digestFile(h, dir, name, entry)
	})
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// digestFile adds a file's name and content.
func digestFile(h io.Writer, dir, name string, entry fs.DirEntry) error {
	rel, err := filepath.Rel(dir, name)
	if err != nil {
		return err
	}
	info, err := entry.Info()
	if err != nil {
		return err
	}
	fmt.Fprintf(h, "%q %d\n", filepath.ToSlash(rel), info.Size())
	if info.Size() >= largeFile {
		fmt.Fprintln(h, info.ModTime().UnixNano())
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(h, f)
	return err
}

// generated says whether a folder holds what programs leave: version control, caches, what dbt writes.
func generated(folder string) bool {
	switch folder {
	case "target", "logs", "dbt_packages", "node_modules":
		return true
	}
	return strings.HasPrefix(folder, ".")
}

func isProduct(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, product.SpecFile))
	return err == nil
}
