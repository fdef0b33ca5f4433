package intake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// signed says whether signature, as in "sha256=" and 64 hexadecimal digits, is the HMAC of body with one of the secrets. It takes the
// same time whatever the digits are:
// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
func signed(body []byte, signature string, secrets [][]byte) bool {
	digits, ok := strings.CutPrefix(signature, "sha256=")
	if !ok {
		return false
	}
	said, err := hex.DecodeString(digits)
	if err != nil {
		return false
	}
	found := false
	for _, secret := range secrets {
		// Anybody can sign with an empty one.
		if len(secret) == 0 {
			continue
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		found = hmac.Equal(mac.Sum(nil), said) || found
	}
	return found
}
