//go:build reference

// The reference test recomputes the values of information of a published decision model from its draws, kept outside
// the repository (RENDITE_SHARED/refdata/voi_chemo):
//
//	go test -tags reference -run Reference ./internal/explain/

package explain_test

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/rendite-crm/rendite/internal/explain"
)

// The chemotherapy model of the R package voi (Heath, Kunst & Jackson (eds.) 2024, Value of Information for Healthcare
// Decision Making): 10,000 draws, two treatments. EVPI 368.6051 is in the tests of voi; EVPPI of one parameter by
// spline regression (mgcv), p_side_effects_t2 262.1109 and both side effects 333.4516–334.0442 in the tests of voi.
func TestReference_chemotherapyHasThePublishedValuesOfInformation(t *testing.T) {
	draws := chemo(t)
	net := [][]float64{draws["nb_SoC"], draws["nb_Novel"]}
	evpi, se := explain.EVPI(net)
	near(t, "EVPI", evpi, 368.6050962, 1e-6)
	t.Logf("EVPI %.4f ± %.2f", evpi, se)
	value := make(map[string]float64)
	for _, c := range []struct {
		parameters []string
		want       float64
	}{
		{[]string{"p_side_effects_t2"}, 262.110882},
		{[]string{"logor_side_effects"}, 331.867581},
		{[]string{"u_home_care"}, 100.556967},
		{[]string{"p_died"}, 55.036036},
		{[]string{"rate_longterm"}, 37.715342},
		{[]string{"p_hospitalised_total"}, 29.331923},
		{[]string{"p_side_effects_t1"}, 26.754625},
		{[]string{"c_hospital"}, 0},
		{[]string{"p_side_effects_t1", "p_side_effects_t2"}, 333.7479},
	} {
		var x [][]float64
		for _, p := range c.parameters {
			x = append(x, draws[p])
		}
		got, se, err := explain.EVPPI(net, x)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%v: %.4f ± %.2f, published %.4f", c.parameters, got, se, c.want)
		near(t, c.parameters[0], got, c.want, max(2, .03*c.want))
		if len(c.parameters) == 1 {
			value[c.parameters[0]] = got
			if negligible := explain.Negligible(got, se); negligible != (c.want == 0) {
				t.Errorf("%s: %v ± %v, negligible %v", c.parameters[0], got, se, negligible)
			}
		}
	}
	names := make([]string, 0, len(value))
	for name := range value {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return int(math.Copysign(1, value[b]-value[a])) })
	if want := []string{"logor_side_effects", "p_side_effects_t2", "u_home_care"}; !slices.Equal(names[:3], want) {
		t.Errorf("the first three are %v, want %v", names[:3], want)
	}
}

func chemo(t *testing.T) map[string][]float64 {
	t.Helper()
	shared := os.Getenv("RENDITE_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(shared, "refdata", "voi_chemo", "chemo.csv")
	f, err := os.Open(path)
	if err != nil {
		t.Fatalf("no reference data (set RENDITE_SHARED): %v", err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	out := make(map[string][]float64)
	for j, name := range records[0] {
		for _, r := range records[1:] {
			v, err := strconv.ParseFloat(r[j], 64)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			out[name] = append(out[name], v)
		}
	}
	return out
}
