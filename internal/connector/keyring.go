package connector

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rendite-crm/rendite/internal/auth"
)

// DefaultKeyFile lies beside the data; a backup of the data alone opens nothing.
const DefaultKeyFile = "rendite.key"

// KeyVariable is the environment variable that holds the keys instead of the file.
const KeyVariable = "RENDITE_KEY"

const keyBytes = 32

// Errors of keys.
var (
	ErrKey        = errors.New("connector: a key is 32 bytes in base64")
	ErrKeyExposed = errors.New("connector: the key file can be read by others than its owner")
)

// Keyring seals the access to a CRM with AES-256-GCM. The first key seals, the others only open.
type Keyring struct {
	file string // empty where the keys come from the environment
	ids  []string
	keys map[string]string // base64
	aead map[string]cipher.AEAD
}

// OpenKeyring reads the keys from the text, as in RENDITE_KEY, or where that is empty from a file, which it makes with a
// new key where it is missing. Keys stand apart by spaces or lines, the one that seals first. ErrKey, ErrKeyExposed.
func OpenKeyring(file, text string) (*Keyring, error) {
	if strings.TrimSpace(text) != "" {
		return parseKeys("", text)
	}
	if err := makeKeyFile(file); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, ErrKeyExposed
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return parseKeys(file, string(b))
}

func newKey() string {
	var b [keyBytes]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.StdEncoding.EncodeToString(b[:])
}

// makeKeyFile makes the file whole or not at all: two programs that start at once must not each have a key of their own.
func makeKeyFile(file string) error {
	if _, err := os.Stat(file); err == nil {
		return fs.ErrExist
	}
	temporary, err := writeKeys(file, []string{newKey()})
	if err != nil {
		return err
	}
	return errors.Join(os.Link(temporary, file), os.Remove(temporary)) // Link fails where the file is there by now
}

func writeKeys(file string, keys []string) (temporary string, err error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".key-*") // 0600
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(strings.Join(keys, "\n") + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

func parseKeys(file, text string) (*Keyring, error) {
	k := &Keyring{file: file, keys: map[string]string{}, aead: map[string]cipher.AEAD{}}
	for _, s := range strings.Fields(text) {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil || len(b) != keyBytes {
			return nil, ErrKey
		}
		block, err := aes.NewCipher(b)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(b)
		id := hex.EncodeToString(sum[:4])
		if k.aead[id], err = cipher.NewGCM(block); err != nil {
			return nil, err
		}
		k.ids, k.keys[id] = append(k.ids, id), s
	}
	if len(k.ids) == 0 {
		return nil, ErrKey
	}
	return k, nil
}

// Rotate puts a new key first. What was sealed before still opens; Reseal moves it to the new key, and then the old line
// may be taken out of the file. It is an error where the keys come from the environment.
func (k *Keyring) Rotate() error {
	if k.file == "" {
		return fmt.Errorf("connector: the keys come from %s", KeyVariable)
	}
	all := []string{newKey()}
	for _, id := range k.ids {
		all = append(all, k.keys[id])
	}
	temporary, err := writeKeys(k.file, all)
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, k.file); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	fresh, err := parseKeys(k.file, strings.Join(all, "\n"))
	if err == nil {
		*k = *fresh
	}
	return err
}

// Seal encrypts a secret for one purpose: it opens for the same purpose only, so that what was sealed for one server cannot
// be sent to another by changing the address beside it.
func (k *Keyring) Seal(s auth.Secret, purpose string) string {
	a := k.aead[k.ids[0]]
	nonce := make([]byte, a.NonceSize())
	_, _ = rand.Read(nonce)
	return "k1." + k.ids[0] + "." + base64.RawStdEncoding.EncodeToString(a.Seal(nonce, nonce, []byte(s.Reveal()), []byte(purpose)))
}

// Unseal decrypts. Sealed where the key is not at hand, the purpose is another one, or the text has been changed.
func (k *Keyring) Unseal(sealed, purpose string) (auth.Secret, error) {
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || parts[0] != "k1" || k.aead[parts[1]] == nil {
		return auth.Secret{}, Fail(Sealed, "")
	}
	a := k.aead[parts[1]]
	b, err := base64.RawStdEncoding.DecodeString(parts[2])
	if err != nil || len(b) < a.NonceSize() {
		return auth.Secret{}, Fail(Sealed, "")
	}
	plain, err := a.Open(nil, b[:a.NonceSize()], b[a.NonceSize():], []byte(purpose))
	if err != nil {
		return auth.Secret{}, Fail(Sealed, "")
	}
	return auth.SecretOf(string(plain)), nil
}

// Reseal seals with the first key what another one sealed; false where that was the first already.
func (k *Keyring) Reseal(sealed, purpose string) (string, bool, error) {
	if strings.HasPrefix(sealed, "k1."+k.ids[0]+".") {
		return sealed, false, nil
	}
	s, err := k.Unseal(sealed, purpose)
	if err != nil {
		return "", false, err
	}
	return k.Seal(s, purpose), true, nil
}
