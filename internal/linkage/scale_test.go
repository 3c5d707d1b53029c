package linkage_test

import (
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/linkage"
	"github.com/rendite-crm/rendite/internal/linkage/linkagetest"
)

// quality counts what the clusters found of the true pairs.
func quality(records []linkage.Record, r *linkage.Result) (precision, recall float64) {
	size := make(map[string]int)
	for _, x := range records {
		size[linkagetest.Entity(x.ID)]++
	}
	known, joined, right := 0, 0, 0
	for _, n := range size {
		known += n * (n - 1) / 2
	}
	for _, c := range r.Clusters {
		joined += len(c.Records) * (len(c.Records) - 1) / 2
		in := make(map[string]int)
		for _, i := range c.Records {
			in[linkagetest.Entity(records[i].ID)]++
		}
		for _, n := range in {
			right += n * (n - 1) / 2
		}
	}
	return float64(right) / float64(max(joined, 1)), float64(right) / float64(max(known, 1))
}

func TestFind_recordsMadeUp(t *testing.T) {
	for _, c := range []struct {
		name              string
		records           []linkage.Record
		spec              linkage.Spec
		precision, recall float64
	}{
		{"contacts", linkagetest.Contacts(20_000, 1), linkage.Contacts(), .98, .94},
		{"accounts", linkagetest.Accounts(20_000, 1), linkage.Accounts(), .98, .94},
	} {
		c.spec.Sample = 200_000
		r := find(t, c.records, c.spec, linkage.Options{})
		precision, recall := quality(c.records, r)
		t.Logf("%s: precision %.4f, recall %.4f; estimated %.4f, %.4f", c.name, precision, recall, r.Threshold.Precision, r.Threshold.Recall)
		if precision < c.precision || recall < c.recall {
			t.Errorf("%s: precision %.4f, recall %.4f; want %v and %v", c.name, precision, recall, c.precision, c.recall)
		}
		// The links are pairs and the clusters sets, so the estimate is compared with some slack.
		if math.Abs(r.Threshold.Precision-precision) > .02 {
			t.Errorf("%s: estimated precision %.4f, true %.4f", c.name, r.Threshold.Precision, precision)
		}
		if !r.Model.Converged {
			t.Errorf("%s: not converged", c.name)
		}
	}
}

// peakMemory is the most memory the process had so far, in MB; 0 where the system does not tell.
func peakMemory() float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024
		}
	}
	return 0
}

// BenchmarkFind measures contacts and accounts. The peak of memory, the records among it, never falls within a process, so
// the largest run is measured alone:
//
//	go test -run '^$' -bench Find/contacts/1000000 -benchtime 1x ./internal/linkage
func BenchmarkFind(b *testing.B) {
	for _, c := range []struct {
		name string
		make func(int, uint64) []linkage.Record
		spec linkage.Spec
	}{
		{"contacts", linkagetest.Contacts, linkage.Contacts()},
		{"accounts", linkagetest.Accounts, linkage.Accounts()},
	} {
		for _, n := range []int{10_000, 100_000, 1_000_000} {
			b.Run(c.name+"/"+strconv.Itoa(n), func(b *testing.B) {
				records := c.make(n, 1)
				var r *linkage.Result
				for b.Loop() {
					r = find(b, records, c.spec, linkage.Options{})
				}
				precision, recall := quality(records, r)
				b.ReportMetric(precision, "precision")
				b.ReportMetric(recall, "recall")
				b.ReportMetric(r.Threshold.Precision, "precision-estimated")
				b.ReportMetric(r.Threshold.Recall, "recall-estimated")
				b.ReportMetric(float64(r.Blocking.Compared), "pairs")
				b.ReportMetric(float64(r.Blocking.LeftOut), "left-out")
				b.ReportMetric(peakMemory(), "peak-MB")
			})
		}
	}
}

// The truth lies within what is told of it, whatever the file.
func TestExcess_holdsTheTruth(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(int, uint64) []linkage.Record
		spec linkage.Spec
	}{
		{"contacts", linkagetest.Contacts, linkage.Contacts()},
		{"accounts", linkagetest.Accounts, linkage.Accounts()},
	} {
		c.spec.Sample = 100_000
		for _, n := range []int{1_000, 5_000} {
			for seed := range uint64(3) {
				records := c.make(n, 10+seed)
				known := make(map[string]bool)
				for _, x := range records {
					known[linkagetest.Entity(x.ID)] = true
				}
				truth := float64(n - len(known))
				e := find(t, records, c.spec, linkage.Options{}).Excess()
				if !(e.Low <= truth && truth <= e.High) || e.High-e.Low > .2*truth || float64(e.Found) > truth*1.02 {
					t.Errorf("%d %s: %v are too many, estimated %+v", n, c.name, truth, e)
				}
			}
		}
	}
}
