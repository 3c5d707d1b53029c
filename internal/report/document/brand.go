package document

import (
	"bytes"
	"image"
	_ "image/jpeg" // logos
	_ "image/png"
	"os"
	"path/filepath"
	"regexp"

	"github.com/goccy/go-yaml"

	"github.com/rendite-crm/rendite/internal/diag"
)

// Brand is whose report it is; the zero Brand is Rendite's own.
type Brand struct {
	Name, Contact string
	Colour        string // #rrggbb, empty for our green
	Logo          []byte // PNG or JPEG
	LogoType      string // png or jpeg
	LogoW, LogoH  int    // px
}

// Accent is the colour of headings and rules.
func (b Brand) Accent() string {
	if b.Colour == "" {
		return "#0b6e4f"
	}
	return b.Colour
}

// Limits of a logo.
const (
	mostBytes = 2 << 20
	mostSide  = 4000
)

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// ReadBrand reads a file with name, logo, colour and contact; the logo's path counts from the file. The errors are diag
// values brand_read, brand_colour and brand_logo.
func ReadBrand(file string) (Brand, error) {
	at := diag.Position{File: file}
	text, err := os.ReadFile(file) //nolint:gosec // the user names it
	if err != nil {
		return Brand{}, diag.New("brand_read", at, diag.Args{"file": file, "detail": err.Error()})
	}
	var in struct{ Name, Logo, Colour, Contact string }
	if err := yaml.UnmarshalWithOptions(text, &in, yaml.Strict()); err != nil {
		return Brand{}, diag.New("brand_read", at, diag.Args{"file": file, "detail": yaml.FormatError(err, false, false)})
	}
	b := Brand{Name: in.Name, Contact: in.Contact, Colour: in.Colour}
	if b.Colour != "" && !colour.MatchString(b.Colour) {
		return b, diag.New("brand_colour", at, diag.Args{"value": b.Colour})
	}
	if in.Logo == "" {
		return b, nil
	}
	if !filepath.IsAbs(in.Logo) {
		in.Logo = filepath.Join(filepath.Dir(file), in.Logo)
	}
	wrong := diag.New("brand_logo", at, diag.Args{"file": in.Logo})
	if b.Logo, err = os.ReadFile(in.Logo); err != nil || len(b.Logo) > mostBytes { //nolint:gosec // the user names it
		return b, wrong
	}
	c, kind, err := image.DecodeConfig(bytes.NewReader(b.Logo))
	if err != nil || c.Width < 1 || c.Height < 1 || max(c.Width, c.Height) > mostSide {
		return b, wrong
	}
	b.LogoType, b.LogoW, b.LogoH = kind, c.Width, c.Height
	return b, nil
}
