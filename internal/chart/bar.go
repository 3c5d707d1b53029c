package chart

import (
	"math"
	"strings"
)

// Bar draws a share, 0 to 1, as a bar of at most width cells, in eighths of a cell; anything above zero shows. It has no
// spaces at its end.
func (t Terminal) Bar(share float64, width int) string {
	if !(share > 0) || width <= 0 {
		return ""
	}
	share = math.Min(share, 1)
	if t.ASCII {
		return strings.Repeat("#", max(1, int(math.Round(share*float64(width)))))
	}
	eighths := max(1, int(math.Round(share*float64(width)*8)))
	s := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		s += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return s
}

// rowName writes the name of a row before its bar, right-aligned and in the middle of the row, on two lines where it needs
// them and the row has room for them.
func (s *Scene) rowName(label string, right, middle, row float64) {
	const line = 13.0
	n := 1
	if row >= 2*line {
		n = 2
	}
	lines := wrap(label, Label, right, n)
	for i, text := range lines {
		s.add(Text{Label, right, middle + 4.5 + (float64(i)-float64(len(lines)-1)/2)*line, End, text})
	}
}
