package linkage_test

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rendite-crm/rendite/internal/linkage"
)

// german reads a file of testdata: firms or people of our own making, with the one behind each record in the first column.
func german(t *testing.T, name string, fields []string) (records []linkage.Record, entities []string) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rows[0][2:], fields) {
		t.Fatalf("%s has the columns %v, want %v", name, rows[0][2:], fields)
	}
	for _, r := range rows[1:] {
		records = append(records, linkage.Record{ID: r[1], Values: r[2:]})
		entities = append(entities, r[0])
	}
	return records, entities
}

func TestFind_germanFirmsAndPeople(t *testing.T) {
	for _, c := range []struct {
		file string
		spec linkage.Spec
	}{
		{"accounts.csv", linkage.Accounts()},
		{"contacts.csv", linkage.Contacts()},
	} {
		t.Run(c.file, func(t *testing.T) {
			records, entities := german(t, c.file, c.spec.Fields)
			r, err := linkage.Find(context.Background(), records, c.spec, linkage.Options{})
			if err != nil {
				t.Fatal(err)
			}
			cluster := make([]int, len(records))
			for i := range cluster {
				cluster[i] = -1 - i
			}
			for k, cl := range r.Clusters {
				for _, i := range cl.Records {
					cluster[i] = k
				}
			}
			found, known, wrong := 0, 0, 0
			for i := range records {
				for j := range i {
					same, joined := entities[i] == entities[j], cluster[i] == cluster[j]
					switch {
					case same && joined:
						found++
					case same:
						weight, p := r.Weigh(j, i)
						t.Logf("not found: %v and %v, weight %.1f, probability %.3f %+v", records[j], records[i], weight, p, r.Explain(j, i))
					case joined:
						wrong++
						weight, p := r.Weigh(j, i)
						t.Errorf("%v and %v are not the same: weight %.1f, probability %.3f\n%+v", records[j], records[i], weight, p, r.Explain(j, i))
					}
					if same {
						known++
					}
				}
			}
			t.Logf("%d of %d true pairs found, %d wrong; estimated precision %.3f, recall %.3f", found, known, wrong, r.Threshold.Precision, r.Threshold.Recall)
			if found < known {
				t.Errorf("%d of %d true pairs found", found, known)
			}
		})
	}
}
