package mirror

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxSlug is the greatest number of characters of a slug.
const maxSlug = 40

// BranchPrefix begins the names of the bot's branches.
const BranchPrefix = "codicil/"

// BranchName is the bot's branch for the product in the folder path: codicil/SLUG-HASH, where the slug is made safe, and the hash is the path's.
// Two products have two branches, whatever their slugs are.
func BranchName(path, slug string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(slug) {
		switch {
		case b.Len() >= maxSlug:
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	name := strings.TrimSuffix(b.String(), "-")
	if name == "" {
		name = "product"
	}
	sum := sha256.Sum256([]byte(path))
	return BranchPrefix + name + "-" + hex.EncodeToString(sum[:4])
}

// ValidBranch says whether git takes a name for a branch (git-check-ref-format(1), with --branch), and no program for anything else.
func ValidBranch(name string) bool {
	return !strings.HasPrefix(name, "-") && name != "HEAD" && name != "@" && !strings.HasPrefix(name, "refs/") && validRef("refs/heads/"+name)
}

// validRef says whether git takes a full name for one of a ref.
func validRef(name string) bool {
	if !strings.HasPrefix(name, "refs/") || len(name) > 500 || strings.Contains(name, "..") || strings.Contains(name, "@{") || strings.HasSuffix(name, ".") {
		return false
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`~^:?*[\`, r) }) {
		return false
	}
	parts := strings.Split(name, "/")
	for _, p := range parts {
		if p == "" || strings.HasPrefix(p, ".") || strings.HasSuffix(p, ".lock") {
			return false
		}
	}
	return len(parts) > 2
}
