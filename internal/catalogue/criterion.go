package catalogue

import "strconv"

// Criterion is a criterion of the scorecard: value that nobody should turn into money.
type Criterion struct {
	ID   string `yaml:"id" json:"id"`
	Name Text   `yaml:"name" json:"name"`
	Text Text   `yaml:"text" json:"text"`
	// Scale says what 0, 5 and 10 points mean.
	Scale []Anchor `yaml:"scale" json:"scale"`
	// Overlaps is where the same value may already be counted in money.
	Overlaps Overlap `yaml:"overlaps" json:"overlaps"`
	Measure  Text    `yaml:"measure" json:"measure"`
}

// Anchor is what a number of points means.
type Anchor struct {
	Points float64 `yaml:"points" json:"points"`
	Text   Text    `yaml:"text" json:"text"`
}

// Overlap names benefits that count the same value: by their lever, or by words in the name of a line of one's own.
type Overlap struct {
	Levers []string `yaml:"levers" json:"levers"`
	Words  []string `yaml:"words" json:"words"` // lower case
}

// anchors are the points that every scale explains.
var anchors = []float64{0, 5, 10}

// Criteria lists the ids of all criteria of the scorecard, alphabetically.
func (c *Catalogue) Criteria() []string { return c.list("criteria") }

// Criterion returns a criterion by id, or a diagnostic with the nearest name.
func (c *Catalogue) Criterion(id string) (*Criterion, error) {
	return get(c, c.criteria, "criteria", "unknown_criterion", id, func(k *Criterion) string {
		switch {
		case k.ID != id:
			return "id: " + id
		case k.Name == Text{}:
			return "name"
		case len(k.Scale) != len(anchors):
			return "scale"
		}
		for i, a := range k.Scale {
			if a.Points != anchors[i] || a.Text == (Text{}) {
				return "points: " + strconv.FormatFloat(anchors[i], 'f', -1, 64)
			}
		}
		return ""
	})
}
