package tabular

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/rendite-crm/rendite/internal/diag"
)

// The encodings that are told apart. ISO-8859-1 is never meant: what calls itself so holds the euro sign at 0x80, as
// Windows-1252 does, and browsers read it so too (WHATWG Encoding, 4.2).
const (
	utf8Name    = "utf-8"
	utf16le     = "utf-16le"
	utf16be     = "utf-16be"
	windows1252 = "windows-1252"
)

// charset is how the bytes of a CSV become text.
type charset struct {
	name string
	// bom is how many bytes at the beginning only name the encoding.
	bom int
	// broken counts the places that are no UTF-8 in a file that otherwise is.
	broken int64
}

// detectCharset reads the whole file, for the first umlaut may come late: byte order mark, else zero bytes as in UTF-16,
// else UTF-8 if it is, else Windows-1252.
func detectCharset(ctx context.Context, r io.ReaderAt, size int64, head []byte) (charset, error) {
	switch {
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		_, broken, err := scanUTF8(ctx, r, size)
		return charset{utf8Name, 3, broken}, err
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return charset{utf16le, 2, 0}, nil
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return charset{utf16be, 2, 0}, nil
	}
	var even, odd int
	for i, b := range head {
		if b == 0 {
			if i%2 == 0 {
				even++
			} else {
				odd++
			}
		}
	}
	// Text of European languages has a zero in nearly every pair; one half of that is far from stray zero bytes.
	switch half := len(head) / 4; {
	case odd > half && even < odd/8:
		return charset{utf16le, 0, 0}, nil
	case even > half && odd < even/8:
		return charset{utf16be, 0, 0}, nil
	}
	good, broken, err := scanUTF8(ctx, r, size)
	switch {
	case err != nil:
		return charset{}, err
	case broken == 0 || good >= 10*broken:
		// Umlauts of Windows-1252 are hardly ever valid UTF-8 by chance, so a file that mostly is, is damaged UTF-8.
		return charset{utf8Name, 0, broken}, nil
	}
	return charset{windows1252, 0, 0}, nil
}

// scanUTF8 counts the characters of two and more bytes and the places that are none.
func scanUTF8(ctx context.Context, r io.ReaderAt, size int64) (good, broken int64, err error) {
	buf := make([]byte, 1<<20)
	keep := 0
	for from := int64(0); from < size; {
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
		n, err := r.ReadAt(buf[keep:], from)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, 0, err
		}
		if n == 0 {
			break
		}
		from += int64(n)
		p := buf[:keep+n]
		last := from >= size
		for len(p) > 0 {
			if len(p) >= 8 && binary.LittleEndian.Uint64(p)&0x8080808080808080 == 0 {
				p = p[8:]
				continue
			}
			if p[0] < utf8.RuneSelf {
				p = p[1:]
				continue
			}
			if !last && !utf8.FullRune(p) {
				break
			}
			if c, w := utf8.DecodeRune(p); c == utf8.RuneError && w == 1 {
				broken++
				p = p[1:]
			} else {
				good++
				p = p[w:]
			}
		}
		keep = copy(buf, p)
	}
	return good, broken, nil
}

// decode returns the text of r, which begins at a character. Broken places become U+FFFD later, cell by cell.
func (c charset) decode(r io.Reader) io.Reader {
	switch c.name {
	case utf16le:
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder())
	case utf16be:
		return transform.NewReader(r, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder())
	case windows1252:
		return transform.NewReader(r, charmap.Windows1252.NewDecoder())
	}
	return r
}

// named is the charset that the caller names.
func named(name string, head []byte, at diag.Position) (charset, error) {
	switch name {
	case utf8Name, utf16le, utf16be, windows1252:
	default:
		return charset{}, diag.New("table_encoding_unknown", at, diag.Args{"name": name})
	}
	c := charset{name: name}
	for bom, of := range map[string]string{"\xEF\xBB\xBF": utf8Name, "\xFF\xFE": utf16le, "\xFE\xFF": utf16be} {
		if of == name && bytes.HasPrefix(head, []byte(bom)) {
			c.bom = len(bom)
		}
	}
	return c, nil
}
