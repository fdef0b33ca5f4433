package github

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Signed says whether a webhook's body is signed with one of the secrets: header is what X-Hub-Signature-256 says. There may be several while a
// secret is being replaced. An empty secret signs nothing. How long it takes tells nothing of the secrets or of the right signature.
// See https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries.
func Signed(secrets [][]byte, payload []byte, header string) bool {
	text, ok := strings.CutPrefix(header, "sha256=")
	given, err := hex.DecodeString(text)
	if !ok || err != nil {
		return false
	}
	signed := false
	for _, secret := range secrets {
		if len(secret) == 0 {
			continue
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write(payload)
		if hmac.Equal(mac.Sum(nil), given) {
			signed = true
		}
	}
	return signed
}
