package model

// Imitation and Reached are the constants of the curve of adoption: the ratio of imitation to innovation, and the part
// of the way that is done after months_to_90.
const (
	Imitation = imitation
	Reached   = reached
)

// Builtin is the name of a value that every formula knows: month, horizon, adoption, data_quality, process or realised;
// empty for a quantity of the case.
func (q *Quantity) Builtin() string { return q.builtin }

// Explicit reports whether the line's formula itself says how much of the effect is realised.
func (l *Line) Explicit() bool { return l.explicit }

// Window is the first and the last month of a flow, from 0 to the horizon.
func (m *Model) Window(l *Line) (from, to int) { return (&lowering{m: m}).window(l) }

// Curve is the course of a factor of realisation by its name; start and months are nil where the case leaves them out.
// ok is false for a factor that the case does not describe: it is 1 throughout.
func (m *Model) Curve(name string) (start, plateau, months *Quantity, ok bool) {
	c := m.curves[name]
	if c == nil {
		return nil, nil, nil, false
	}
	return c.start, c.plateau, c.t90, true
}

// UseOf is how the use of the system turns into effect on a line, see casefile.Curve.
func (m *Model) UseOf(l *Line) (use string, peak float64) {
	if l.Use != "" {
		return l.Use, l.Peak
	}
	if c := m.File.Curves["adoption"]; c != nil && c.Use != "" {
		return c.Use, c.Peak
	}
	return "linear", 1
}
