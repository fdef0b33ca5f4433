package localforge

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// caller is who makes a request: a person with a token of their own, an app with its key, or an app's installation.
type caller struct {
	user         *User
	app          *App // with installation nil: the app itself, which sees no repository
	installation *installation
}

// longestJWT is how long what an app signs may be good for, and skew how far its clock may be off.
const (
	longestJWT = 10 * time.Minute
	skew       = time.Minute
)

// caller finds out who makes a request; nobody is nil. Why says, in GitHub's words, what is wrong with the credential, which is refused also
// where none is needed.
func (f *Forge) caller(r *http.Request) (c *caller, why string) {
	text := credential(r)
	switch {
	case text == "":
		return nil, ""
	case strings.Count(text, ".") == 2:
		return f.signed(text)
	}
	t, ok := f.tokens.rows[hashed(text)]
	if !ok || !t.Expires.IsZero() && !f.now().Before(t.Expires) {
		return nil, "Bad credentials"
	}
	user := f.users.rows[fold(t.User)]
	c = &caller{user: user}
	if t.Installation != 0 {
		c.installation = f.installations.rows[t.Installation]
		if c.installation == nil {
			return nil, "Bad credentials"
		}
		c.app = f.apps.rows[c.installation.App]
	}
	return c, ""
}

// credential is the token of a request: of the API, or of git, which sends it as a password.
func credential(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "bearer") || strings.EqualFold(scheme, "token") {
		return strings.TrimSpace(text)
	}
	return ""
}

// signed is the app that signed a JSON Web Token with its private key.
func (f *Forge) signed(text string) (c *caller, why string) {
	var app *App
	claims := &jwt.RegisteredClaims{}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	_, err := parser.ParseWithClaims(text, claims, func(*jwt.Token) (any, error) {
		id, err := strconv.ParseInt(claims.Issuer, 10, 64)
		if err != nil {
			return nil, errors.New("the issuer is no number")
		}
		if app = f.apps.rows[id]; app == nil {
			return nil, errors.New("there is no such app")
		}
		return jwt.ParseRSAPublicKeyFromPEM([]byte(app.PublicKey))
	})
	now := f.now()
	switch {
	case app == nil:
		return nil, "Integration not found"
	case err != nil:
		return nil, "A JSON web token could not be decoded"
	case claims.ExpiresAt == nil || claims.IssuedAt == nil:
		return nil, "Missing 'issued at' or 'expiration time' claim"
	case claims.ExpiresAt.Before(now.Add(-skew)):
		return nil, "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
	case claims.ExpiresAt.Sub(now) > longestJWT+skew:
		return nil, "'Expiration time' claim ('exp') is too far in the future"
	case claims.IssuedAt.After(now.Add(skew)):
		return nil, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
	}
	return &caller{app: app, user: f.users.rows[fold(app.bot())]}, ""
}

// hashed is the key under which a token is kept.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// newToken makes a token. Only its hash is kept.
func (f *Forge) newToken(prefix string, t token) string {
	var secret [20]byte
	_, _ = rand.Read(secret[:]) // never fails
	text := prefix + hex.EncodeToString(secret[:])
	put(f.store, &f.tokens, hashed(text), &t)
	return text
}

// permission is what a login may do in a repository, by itself.
func (f *Forge) permission(login string, r *repo) Permission {
	p := r.Access[fold(login)]
	if strings.EqualFold(login, r.Owner) {
		p = Admin
	}
	if p.rank() == 0 && !r.Private {
		return Read
	}
	if p == "" {
		return None
	}
	return p
}

// may is what a caller may do in a repository; a nil caller is the public.
func (f *Forge) may(c *caller, r *repo) Permission {
	public := None
	if !r.Private {
		public = Read
	}
	switch {
	case c == nil:
		return public
	case c.installation != nil && c.installation.covers(r):
		return Write
	case c.app != nil:
		return public
	}
	return f.permission(c.user.Login, r)
}

// AddUser adds a person, and returns a token of theirs. A name that is taken is an error.
func (f *Forge) AddUser(login string) (token string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.add(login, typeUser); err != nil {
		return "", err
	}
	return f.token(login), nil
}

// AddOrganization adds an owner of repositories that is no person.
func (f *Forge) AddOrganization(login string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.add(login, typeOrganization)
}

// Token gives a further token of a person's.
func (f *Forge) Token(login string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if u := f.users.rows[fold(login)]; u == nil || u.Type != typeUser {
		return "", fmt.Errorf("there is no user %s", login)
	}
	return f.token(login), nil
}

func (f *Forge) token(login string) string { return f.newToken("ghp_", token{User: login}) }

func (f *Forge) add(login, typ string) error {
	if f.users.rows[fold(login)] != nil {
		return fmt.Errorf("there is a user %s already", login)
	}
	put(f.store, &f.users, fold(login), &User{ID: f.next(), Login: login, Type: typ})
	return nil
}
