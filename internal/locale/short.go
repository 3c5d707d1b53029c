package locale

import (
	"math"
	"strconv"
	"strings"
)

// Signed puts a plus before a written amount that is above zero, for differences: "+7,5", "−2,4", "0". text is what
// another method of Locale wrote for v.
func (l *Locale) Signed(v float64, text string) string {
	if v > 0 && !strings.HasPrefix(text, "+") && strings.ContainsAny(text, "123456789") {
		return "+" + text
	}
	return text
}

// Change is a signed number with at most the digits given and no zeros at the end of its fraction: "+7,5", "−2", "0".
func (l *Locale) Change(v float64, digits int) string {
	for digits > 0 && !math.IsNaN(v) && l.Number(v, digits) == l.Number(v, digits-1)+l.decimal+"0" {
		digits--
	}
	return l.Signed(v, l.Number(v, digits))
}

// MonthShort is MonthName with the month cut to what fits an axis: "Okt. 2027", "Oct 2027". It is empty where start is
// no month.
func (l *Locale) MonthShort(start string, offset int) string {
	name := l.MonthName(start, offset)
	if name == "" {
		return ""
	}
	month, year, _ := strings.Cut(name, " ")
	for n := 1; n <= 12; n++ {
		if l.Text("common.month_name."+strconv.Itoa(n), nil) == month {
			return l.Text("common.month_short."+strconv.Itoa(n), nil) + nbsp + year
		}
	}
	return name
}
