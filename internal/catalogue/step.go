package catalogue

import (
	"github.com/rendite-crm/rendite/internal/diag"
)

// Hours is a range of working hours: P10, P50, P90.
type Hours struct {
	Low  float64 `yaml:"low" json:"low"`
	Mid  float64 `yaml:"mid" json:"mid"`
	High float64 `yaml:"high" json:"high"`
}

// StepCost is one way to tell what a step costs.
type StepCost struct {
	// Per is what the hours are counted by: "user", "record" or "case", which is once.
	Per string `yaml:"per" json:"per"`
	// Share is the part of the users or records that the step touches; 0 is all.
	Share float64 `yaml:"share" json:"share,omitempty"`
	Hours Hours   `yaml:"hours" json:"hours"`
}

// Step is one realistic step to improve a case: one factor by five points, a process step, seats, a price.
type Step struct {
	Kind string `yaml:"-" json:"kind"`
	Name Text   `yaml:"name" json:"name"`
	// Costs stand in the order in which they are tried: the first that the case knows the number for counts.
	Costs  []StepCost `yaml:"costs" json:"costs"`
	Source Text       `yaml:"source" json:"source"`
	Grade  string     `yaml:"grade" json:"grade"`
}

// Step returns what a step of a kind costs: adoption, data_quality, process, seats, price. Nil is a kind of which the
// catalogue knows nothing. The first folder that has the kind in its steps.yaml counts.
func (c *Catalogue) Step(kind string) (*Step, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.steps == nil {
		steps := map[string]*Step{}
		for i := len(c.folders) - 1; i >= 0; i-- {
			var file struct {
				Steps map[string]*Step `yaml:"steps"`
			}
			one := &Catalogue{folders: c.folders[i:]}
			if ok, err := one.read("", "steps", &file); err != nil {
				return nil, err
			} else if !ok {
				continue
			}
			for kind, s := range file.Steps {
				if missing := s.missing(); missing != "" {
					return nil, diag.New("catalogue_incomplete", diag.Position{File: "steps.yaml"}, diag.Args{"name": kind, "missing": missing})
				}
				s.Kind = kind
				steps[kind] = s
			}
		}
		c.steps = steps
	}
	return c.steps[kind], nil
}

// missing names what a step must have and has not.
func (s *Step) missing() string {
	switch {
	case s == nil || len(s.Costs) == 0:
		return "costs"
	case s.Source == Text{}:
		return "source"
	}
	for _, c := range s.Costs {
		switch {
		case c.Per != "user" && c.Per != "record" && c.Per != "case":
			return "per: user"
		case !(0 <= c.Hours.Low && c.Hours.Low <= c.Hours.Mid && c.Hours.Mid <= c.Hours.High) || c.Share < 0 || c.Share > 1:
			return "hours: {low: 2, mid: 4, high: 8}"
		}
	}
	return ""
}
