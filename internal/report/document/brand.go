package document

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/goccy/go-yaml"
	"golang.org/x/image/draw"

	"github.com/rendite-crm/rendite/internal/diag"
)

// Brand is whose report it is; the zero Brand is Rendite's own.
type Brand struct {
	Name, Contact string
	Colour        string // #rrggbb, empty for our green
	Logo          []byte // PNG or JPEG, no larger than a report shows it
	LogoType      string // png or jpeg
	LogoW, LogoH  int    // px
}

// The papers that reports are written on.
const (
	LightPaper = "#ffffff"
	DarkPaper  = "#181a1b"
)

// readable is the least contrast of a text to its ground (WCAG 2.2, 1.4.3).
const readable = 4.5

// Accent is the colour of marks, as the brand states it.
func (b Brand) Accent() string {
	if b.Colour == "" {
		return "#0b6e4f"
	}
	return b.Colour
}

// Ink is the colour of headings on a paper: the accent, moved towards black or white until it can be read there.
func (b Brand) Ink(paper string) string {
	to := 0.0
	if luminance(paper) < 0.18 {
		to = 255
	}
	c := channels(b.Accent())
	for step := 0; ; step++ {
		k := float64(step) / 50
		s := "#"
		for _, v := range c {
			s += fmt.Sprintf("%02x", int(math.Round(float64(v*(1-k))+float64(to*k))))
		}
		if step == 50 || Contrast(s, paper) >= readable {
			return s
		}
	}
}

func channels(hex string) (c [3]float64) {
	for i := range c {
		v, _ := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8) // checked by ReadBrand
		c[i] = float64(v)
	}
	return c
}

// luminance is the relative luminance of sRGB (WCAG 2.2).
func luminance(hex string) float64 {
	c := channels(hex)
	for i, v := range c {
		if v /= 255; v <= 0.04045 {
			c[i] = v / 12.92
		} else {
			c[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return float64(0.2126*c[0]) + float64(0.7152*c[1]) + float64(0.0722*c[2])
}

// Contrast is the ratio of two colours as #rrggbb, 1 to 21 (WCAG 2.2).
func Contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// Limits of a logo: of the file, and of what goes into a report, three times the 180 × 56 pt that it takes up there,
// less where it is a photograph.
const (
	mostBytes  = 2 << 20
	mostSide   = 4000
	logoWidth  = 540
	logoHeight = 168
	logoBytes  = 150 << 10
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
	if err := b.readLogo(in.Logo); err != nil {
		return b, diag.New("brand_logo", at, diag.Args{"file": in.Logo})
	}
	return b, nil
}

// readLogo draws the picture anew: interlaced or 16-bit files, which not every format takes, become plain ones, and large
// ones as large as they are shown.
func (b *Brand) readLogo(file string) error {
	text, err := os.ReadFile(file) //nolint:gosec // the user names it
	if err != nil {
		return err
	}
	c, kind, err := image.DecodeConfig(bytes.NewReader(text))
	switch {
	case err != nil:
		return err
	case len(text) > mostBytes, c.Width < 1, c.Height < 1, max(c.Width, c.Height) > mostSide:
		return fmt.Errorf("%d × %d px, %d KB", c.Width, c.Height, len(text)>>10)
	}
	from, _, err := image.Decode(bytes.NewReader(text))
	if err != nil {
		return err
	}
	b.LogoType = kind
	for k := math.Min(1, math.Min(logoWidth/float64(c.Width), logoHeight/float64(c.Height))); ; k /= 1.5 {
		b.LogoW, b.LogoH = max(1, int(math.Round(float64(c.Width)*k))), max(1, int(math.Round(float64(c.Height)*k)))
		to := image.NewNRGBA(image.Rect(0, 0, b.LogoW, b.LogoH))
		draw.CatmullRom.Scale(to, to.Bounds(), from, from.Bounds(), draw.Src, nil)
		var out bytes.Buffer
		if kind == "jpeg" {
			err = jpeg.Encode(&out, to, &jpeg.Options{Quality: 92})
		} else {
			err = png.Encode(&out, to)
		}
		if b.Logo = out.Bytes(); err != nil || len(b.Logo) <= logoBytes {
			return err
		}
	}
}
