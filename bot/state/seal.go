package state

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// Seal hides memos in texts on a forge, and knows again those that it hid: whoever may write to a repository may edit the bot's texts there, and a memo
// says more than they may. It is safe for concurrent use. A nil one hides nothing and believes nothing.
//
// Its keys come from the secrets of webhooks, which only the bot and the forge know, of which there may be two while they are changed, and which are not
// lost with the database. As sealed texts are public and such a secret may be a weak one, guessing it is made slow.
type Seal struct{ keys [][]byte }

// sealRounds is how often a secret is hashed to make a key: some tens of milliseconds.
const sealRounds = 100_000

// NewSeal seals with the first of some secrets, and believes what was sealed with any. Empty ones are left out.
func NewSeal(secrets ...[]byte) (*Seal, error) {
	s := &Seal{}
	for _, secret := range secrets {
		if len(secret) == 0 {
			continue
		}
		key, err := pbkdf2.Key(sha256.New, string(secret), []byte("codicil memo 1"), sealRounds, sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("make a key to seal memos with: %w", err)
		}
		s.keys = append(s.keys, key)
	}
	return s, nil
}

// Hide adds a memo to a text, out of people's sight, if both have no more bytes than most; a memo that has no room is left out.
func (s *Seal) Hide(m Memo, text string, most int) string {
	if s == nil || len(s.keys) == 0 {
		return text
	}
	if m.Change != nil {
		c := *m.Change
		c.Publication = nil
		m.Change = &c
	}
	if m.Campaign != nil {
		c := *m.Campaign
		c.Products = nil // they are looked at again
		m.Campaign = &c
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(encoded(m))) // a buffer takes all
	_ = z.Close()
	line := "<!-- codicil:state " + base64.URLEncoding.EncodeToString(append(sum(s.keys[0], packed.Bytes()), packed.Bytes()...)) + " -->\n"
	if len(text)+len(line)+1 > most {
		return text
	}
	if text != "" && text[len(text)-1] != '\n' {
		text += "\n"
	}
	return text + line
}

// sum is the seal of what is packed.
func sum(key, packed []byte) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write(packed) // never fails
	return h.Sum(nil)
}

// ErrUnsealed says that a text hides a memo that is not as the bot hid it, or was sealed with a secret that is not known any more.
var ErrUnsealed = errors.New("what it hides was changed, or was sealed with a webhook secret that is not configured any more")

var memoLine = regexp.MustCompile(`(?m)^<!-- codicil:state ([A-Za-z0-9_=-]+) -->\r?$`)

// Find reads the memo that a text hides, the last one if there are several that the bot sealed; ok is false if there is none at all, and the error is
// ErrUnsealed if there are only others. That a memo is where it was hidden is for the caller to see.
func (s *Seal) Find(text string) (m Memo, ok bool, err error) {
	all := memoLine.FindAllStringSubmatch(text, -1)
	for i := len(all) - 1; i >= 0; i-- {
		packed, err := base64.URLEncoding.DecodeString(all[i][1])
		if err != nil || len(packed) < sha256.Size || !s.sealed(packed[:sha256.Size], packed[sha256.Size:]) {
			continue
		}
		m, err = unpack(packed[sha256.Size:])
		return m, err == nil, err
	}
	if len(all) > 0 {
		return m, false, ErrUnsealed
	}
	return m, false, nil
}

func (s *Seal) sealed(seal, packed []byte) bool {
	if s == nil {
		return false
	}
	for _, key := range s.keys {
		if hmac.Equal(seal, sum(key, packed)) {
			return true
		}
	}
	return false
}

// mostMemo is how many bytes a memo may unpack to.
const mostMemo = 4 << 20

func unpack(packed []byte) (m Memo, err error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return m, fmt.Errorf("read a memo: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(z, mostMemo+1))
	if err != nil {
		return m, fmt.Errorf("read a memo: %w", err)
	}
	if len(plain) > mostMemo {
		return m, fmt.Errorf("read a memo: it is larger than %d bytes", mostMemo)
	}
	if err := json.Unmarshal(plain, &m); err != nil {
		return m, fmt.Errorf("read a memo: %w", err)
	}
	return m, nil
}
