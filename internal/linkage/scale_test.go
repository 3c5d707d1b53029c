package linkage_test

import (
	"context"
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

func TestFind_contactsMadeUp(t *testing.T) {
	records := linkagetest.Contacts(20_000, 1)
	spec := linkage.Contacts()
	spec.Sample = 200_000
	r := find(t, records, spec, linkage.Options{})
	precision, recall := quality(records, r)
	t.Logf("precision %.4f, recall %.4f; estimated %.4f, %.4f", precision, recall, r.Threshold.Precision, r.Threshold.Recall)
	if precision < .98 || recall < .9 {
		t.Errorf("precision %.4f, recall %.4f; want .98 and .9", precision, recall)
	}
	// The links are pairs and the clusters sets, so the estimate is compared with some slack.
	if math.Abs(r.Threshold.Precision-precision) > .02 {
		t.Errorf("estimated precision %.4f, true %.4f", r.Threshold.Precision, precision)
	}
	if !r.Model.Converged {
		t.Error("not converged")
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

// BenchmarkFind measures contacts, the largest run last since the peak of memory never falls:
//
//	go test -run '^$' -bench Find -benchtime 1x ./internal/linkage
func BenchmarkFind(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			records := linkagetest.Contacts(n, 1)
			b.ResetTimer()
			var r *linkage.Result
			for b.Loop() {
				var err error
				if r, err = linkage.Find(context.Background(), records, linkage.Contacts(), linkage.Options{}); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
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
