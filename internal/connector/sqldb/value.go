package sqldb

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/rendite-crm/rendite/internal/tabular"
)

// kind is what a column of a database holds, as far as it matters how its values become text.
type kind int

const (
	texts    kind = iota
	integers      // whole numbers, which may be 0 and 1 for no and yes
	decimals      // exact
	reals         // of 64 bits
	singles       // of 32 bits
	booleans
	days     // without a zone
	locals   // a time without a zone
	instants // a time with a zone, or kept in UTC
	binaries // written as hexadecimal digits
	guids    // of SQL Server, which mixes the order of the bytes
)

// style is how the cells of a column are read: their types are the database's, so nothing is guessed.
func (k kind) style() tabular.Style {
	switch k {
	case integers:
		return tabular.Style{Type: tabular.Integer, True: "1", False: "0"}
	case decimals, reals, singles:
		return tabular.Style{Type: tabular.Decimal, Decimal: '.'}
	case booleans:
		return tabular.Style{Type: tabular.Bool, True: "true", False: "false"}
	case days:
		return tabular.Style{Type: tabular.Day, Order: tabular.YearMonthDay}
	case locals, instants:
		return tabular.Style{Type: tabular.Instant, Order: tabular.YearMonthDay, Zoned: true}
	case binaries, guids:
		return tabular.Style{Type: tabular.Identifier}
	}
	return tabular.Style{Type: tabular.Text}
}

// The forms in which MariaDB writes days and times.
const (
	dayForm  = time.DateOnly
	timeForm = "2006-01-02 15:04:05.999999999"
)

// cell is a value as a cell; zone is that of times without one. ok is false where a text is not UTF-8.
func (k kind) cell(v any, zone *time.Location) (c tabular.Cell, ok bool) {
	switch v := v.(type) {
	case nil:
		return tabular.Cell{Kind: tabular.KindNull}, true
	case bool:
		return tabular.Cell{Text: strconv.FormatBool(v), Kind: tabular.KindBool}, true
	case int64:
		return tabular.Cell{Text: strconv.FormatInt(v, 10)}, true
	case uint64:
		return tabular.Cell{Text: strconv.FormatUint(v, 10)}, true
	case float64:
		bits := 64
		if k == singles {
			bits = 32
		}
		return tabular.Cell{Text: strconv.FormatFloat(v, 'f', -1, bits)}, true
	case float32:
		return tabular.Cell{Text: strconv.FormatFloat(float64(v), 'f', -1, 32)}, true
	case time.Time:
		return tabular.Cell{Text: k.moment(v, zone)}, true
	case string:
		return k.written(v, zone)
	case []byte:
		switch k {
		case binaries:
			return tabular.Cell{Text: hex.EncodeToString(v)}, true
		case guids:
			return tabular.Cell{Text: guid(v)}, true
		case booleans: // BIT of MariaDB
			if n := bits(v); n > 1 {
				return tabular.Cell{Text: strconv.FormatUint(n, 10)}, true
			}
			return tabular.Cell{Text: strconv.FormatBool(bits(v) == 1), Kind: tabular.KindBool}, true
		}
		return k.written(string(v), zone)
	}
	return tabular.Cell{Text: fmt.Sprint(v)}, true
}

// moment writes a time by the column's kind: a time without a zone is one of zone.
func (k kind) moment(t time.Time, zone *time.Location) string {
	switch k {
	case days:
		return t.Format(dayForm)
	case locals:
		t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	case instants:
	default: // a time of day
		return t.Format("15:04:05.999999999")
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// written reads what a driver delivers as text.
func (k kind) written(s string, zone *time.Location) (tabular.Cell, bool) {
	switch k {
	case days, locals, instants:
		if strings.HasPrefix(s, "0000-00-00") { // MariaDB's way to say that there is none
			return tabular.Cell{Kind: tabular.KindNull}, true
		}
		if k == instants {
			zone = time.UTC
		}
		if t, err := time.ParseInLocation(timeForm, s, zone); k != days && err == nil {
			return tabular.Cell{Text: k.moment(t, zone)}, true
		}
	case texts:
		if !utf8.ValidString(s) {
			return tabular.Cell{Text: strings.ToValidUTF8(s, "\ufffd")}, false
		}
		s = norm.NFC.String(s)
	}
	return tabular.Cell{Text: s}, true
}

func bits(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// guid writes a UNIQUEIDENTIFIER as SQL Server does: the first three groups have their bytes turned round.
func guid(b []byte) string {
	if len(b) != 16 {
		return hex.EncodeToString(b)
	}
	return strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", []byte{b[3], b[2], b[1], b[0]}, []byte{b[5], b[4]}, []byte{b[7], b[6]}, b[8:10], b[10:]))
}
