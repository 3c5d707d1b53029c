package tabular

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"

	"github.com/rendite-crm/rendite/internal/diag"
)

// headBytes is how much of a file's beginning is looked at.
const headBytes = 256 << 10

// compoundFile begins the files of old Office versions and of encrypted ones ([MS-CFB] 2.2).
var compoundFile = []byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}

// recognise tells a workbook from text by the first bytes, whatever the name says, and refuses the rest with what to do
// instead.
func recognise(r io.ReaderAt, size int64, head []byte, at diag.Position) (Format, error) {
	switch {
	case size == 0:
		return "", diag.New("table_empty", at, nil)
	case bytes.HasPrefix(head, compoundFile):
		return "", compound(r, size, at)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return XLSX, nil
	case bytes.HasPrefix(head, []byte{0x1F, 0x8B}), bytes.HasPrefix(head, []byte("7z\xBC\xAF\x27\x1C")), bytes.HasPrefix(head, []byte("Rar!")),
		bytes.HasPrefix(head, []byte("BZh")), bytes.HasPrefix(head, []byte("\xFD7zXZ\x00")), bytes.HasPrefix(head, []byte{0x28, 0xB5, 0x2F, 0xFD}):
		return "", diag.New("table_archive", at, nil)
	case bytes.HasPrefix(head, []byte("%PDF-")):
		return "", diag.New("table_pdf", at, nil)
	}
	text := string(head[:min(len(head), 4096)])
	for _, mark := range []string{"\ufeff", "\xff\xfe", "\xfe\xff"} {
		text = strings.TrimPrefix(text, mark)
	}
	text = strings.ReplaceAll(text, "\x00", "") // UTF-16 of these words is these words with zeros between
	text = strings.ToLower(strings.TrimLeft(text, " \t\r\n"))
	switch {
	case strings.HasPrefix(text, "<?xml") && strings.Contains(text, "urn:schemas-microsoft-com:office:spreadsheet"):
		return "", diag.New("table_xml_spreadsheet", at, nil)
	case strings.HasPrefix(text, "<!doctype html"), strings.HasPrefix(text, "<html"), strings.HasPrefix(text, "<table"), strings.HasPrefix(text, "<head"),
		strings.HasPrefix(text, "<meta"), strings.HasPrefix(text, "<?xml") && strings.Contains(text, "<html"):
		return "", diag.New("table_html", at, nil)
	case strings.HasPrefix(text, "<?xml"):
		return "", diag.New("table_xml", at, nil)
	case strings.HasPrefix(text, "[{"), strings.HasPrefix(text, "{\""):
		return "", diag.New("table_json", at, nil)
	}
	return CSV, nil
}

// compound tells an encrypted workbook from an old one: the names of the streams are in UTF-16 in the directory, and an
// encrypted package has one called so ([MS-OFFCRYPTO] 2.3.4.4). The directory is small but may lie anywhere.
func compound(r io.ReaderAt, size int64, at diag.Position) error {
	var name []byte
	for _, b := range []byte("EncryptedPackage") {
		name = append(name, b, 0)
	}
	buf := make([]byte, 1<<20)
	for from := int64(0); from < size; from += int64(len(buf) - len(name)) {
		n, err := r.ReadAt(buf, from)
		if bytes.Contains(buf[:n], name) {
			return diag.New("table_encrypted", at, nil)
		}
		if err != nil || from > 64<<20 {
			break
		}
	}
	return diag.New("table_xls", at, nil)
}

// refuseOther says what a zip archive is that is no workbook.
func refuseOther(z *zip.Reader, at diag.Position) error {
	for _, e := range z.File {
		switch name := strings.ToLower(e.Name); {
		case name == "mimetype" || strings.HasPrefix(name, "meta-inf/manifest.xml"):
			return diag.New("table_ods", at, nil)
		case name == "xl/workbook.bin":
			return diag.New("table_xlsb", at, nil)
		}
	}
	return diag.New("table_zip", at, nil)
}
