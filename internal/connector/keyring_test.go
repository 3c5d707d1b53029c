package connector_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

func keyring(t *testing.T, file, text string) *connector.Keyring {
	t.Helper()
	k, err := connector.OpenKeyring(file, text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyring_opensWhatItSealedForTheSamePurpose(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rendite.key")
	k := keyring(t, file, "")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	sealed := k.Seal(auth.SecretOf("geheim-ümlaut"), "here")
	if sealed == k.Seal(auth.SecretOf("geheim-ümlaut"), "here") {
		t.Error("the same secret sealed twice looks the same")
	}
	if s, err := keyring(t, file, "").Unseal(sealed, "here"); err != nil || s.Reveal() != "geheim-ümlaut" {
		t.Errorf("%q, %v", s.Reveal(), err)
	}
	other := keyring(t, filepath.Join(t.TempDir(), "other.key"), "")
	flipped := []byte(sealed)
	flipped[len(flipped)-3] ^= 1
	for name, c := range map[string]struct {
		k               *connector.Keyring
		sealed, purpose string
	}{
		"another purpose": {k, sealed, "there"}, "another key": {other, sealed, "here"}, "changed": {k, string(flipped), "here"},
		"cut": {k, sealed[:20], "here"}, "nothing": {k, "", "here"}, "another version": {k, "k2" + sealed[2:], "here"},
	} {
		if _, err := c.k.Unseal(c.sealed, c.purpose); !connector.Is(err, connector.Sealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeyring_rotates(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rendite.key")
	k := keyring(t, file, "")
	sealed := k.Seal(auth.SecretOf("s"), "p")
	if err := k.Rotate(); err != nil {
		t.Fatal(err)
	}
	again := keyring(t, file, "")
	moved, changed, err := again.Reseal(sealed, "p")
	if err != nil || !changed || moved[:11] == sealed[:11] {
		t.Fatalf("%s, %t, %v", moved, changed, err)
	}
	if _, changed, err := again.Reseal(moved, "p"); err != nil || changed {
		t.Errorf("moved twice: %v", err)
	}
	// The old line is taken out.
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 {
		t.Error(info.Mode())
	}
	only := keyring(t, "", strings.Fields(string(b))[0])
	if s, err := only.Unseal(moved, "p"); err != nil || s.Reveal() != "s" {
		t.Error(err)
	}
	if _, err := only.Unseal(sealed, "p"); !connector.Is(err, connector.Sealed) {
		t.Error(err)
	}
	if err := only.Rotate(); err == nil {
		t.Error("keys of the environment cannot be rotated by the program")
	}
}

func TestOpenKeyring_refuses(t *testing.T) {
	for _, text := range []string{"short", "AAAA", strings.Repeat("A", 44), "!" + strings.Repeat("A", 42) + "="} {
		if _, err := connector.OpenKeyring("", text); !errors.Is(err, connector.ErrKey) {
			t.Errorf("%q: %v", text, err)
		}
	}
	file := filepath.Join(t.TempDir(), "k")
	keyring(t, file, "")
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := connector.OpenKeyring(file, ""); !errors.Is(err, connector.ErrKeyExposed) {
		t.Error(err)
	}
}

// Whoever gets the database gets no access to the CRM, and whoever may change the address cannot have the secret sent there.
func TestStore_leavesNothingReadableInTheDatabase(t *testing.T) {
	dir := t.TempDir()
	const secret = "pat-eu1-4f6d0e2a-readable"
	k := keyring(t, filepath.Join(dir, "rendite.key"), "")
	file := filepath.Join(dir, "data.db")
	w, err := warehouse.Open(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := warehouse.Source{Name: "HubSpot", Kind: "hubspot", Timezone: "Europe/Berlin", Currency: "EUR"}
	if err := connector.Store(&s, connector.Settings{Address: "https://api.hubapi.com", Fields: map[string]string{"opportunity.product": "dealtype"}}, auth.SecretOf(secret), k); err != nil {
		t.Fatal(err)
	}
	if s, err = w.AddSource(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if s, err = w.SourceByName(t.Context(), "", "HubSpot"); err != nil {
		t.Fatal(err)
	}
	a, err := connector.AccessOf(s, k, connector.ClientOptions{})
	if err != nil || a.Secret.Reveal() != secret || a.Fields["opportunity.product"] != "dealtype" {
		t.Errorf("%v, %v", a, err)
	}
	moved := s
	moved.Settings = strings.Replace(s.Settings, "api.hubapi.com", "evil.example", 1)
	if _, err := connector.AccessOf(moved, k, connector.ClientOptions{}); !connector.Is(err, connector.Sealed) {
		t.Errorf("the secret went along to another address: %v", err)
	}
	moved = s
	moved.Owner = "another organisation"
	if _, err := connector.AccessOf(moved, k, connector.ClientOptions{}); !connector.Is(err, connector.Sealed) {
		t.Errorf("the secret went along to another organisation: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(file + "*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("4f6d0e2a")) {
			t.Errorf("%s holds the secret", f)
		}
	}
}
