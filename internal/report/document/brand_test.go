package document_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/report/document"
)

// brand writes a brand file and its logo beside it.
func brand(t *testing.T, yaml, logo string, img image.Image) string {
	t.Helper()
	folder := t.TempDir()
	if img != nil {
		var b bytes.Buffer
		var err error
		if filepath.Ext(logo) == ".png" {
			err = png.Encode(&b, img)
		} else {
			err = jpeg.Encode(&b, img, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, logo), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(folder, "brand.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestABrandIsReadWithItsLogo(t *testing.T) {
	deep := image.NewRGBA64(image.Rect(0, 0, 1200, 300)) // 16 bits a channel, half transparent
	for x := range 1200 {
		for y := range 300 {
			deep.Set(x, y, color.RGBA64{uint16(x * 27), 0x4000, 0x8000, 0x8fff})
		}
	}
	b, err := document.ReadBrand(brand(t, "name: Muster Beratung\ncolour: \"#ffcc00\"\ncontact: info@muster.example\nlogo: logo.png\n", "logo.png", deep))
	if err != nil {
		t.Fatal(err)
	}
	img, kind, err := image.Decode(bytes.NewReader(b.Logo))
	if err != nil || kind != "png" || b.LogoType != "png" {
		t.Fatal(err, kind)
	}
	if size := img.Bounds().Size(); size != image.Pt(540, 135) || size != image.Pt(b.LogoW, b.LogoH) {
		t.Errorf("the logo is %v, %d × %d", size, b.LogoW, b.LogoH)
	}
	if _, ok := img.(*image.NRGBA); !ok {
		t.Errorf("the logo is a %T", img)
	}
	small, err := document.ReadBrand(brand(t, "logo: logo.jpeg\n", "logo.jpeg", image.NewGray(image.Rect(0, 0, 90, 40))))
	if err != nil || small.LogoType != "jpeg" || small.LogoW != 90 || small.LogoH != 40 {
		t.Error(err, small.LogoType, small.LogoW, small.LogoH)
	}
}

func TestABrandThatCannotBeUsedIsTold(t *testing.T) {
	for code, yaml := range map[string]string{
		"brand_read":   "name: a\nfont: Comic Sans\n",
		"brand_colour": "colour: red\n",
		"brand_logo":   "logo: missing.png\n",
	} {
		_, err := document.ReadBrand(brand(t, yaml, "", nil))
		var d diag.Diagnostic
		if !errors.As(err, &d) || d.Code != code {
			t.Errorf("%q gives %v, want %s", yaml, err, code)
		}
	}
	_, err := document.ReadBrand(brand(t, "logo: logo.png\n", "logo.png", image.NewGray(image.Rect(0, 0, 5000, 10))))
	var d diag.Diagnostic
	if !errors.As(err, &d) || d.Code != "brand_logo" {
		t.Errorf("a logo of 5000 px gives %v", err)
	}
	if _, err := document.ReadBrand(filepath.Join(t.TempDir(), "none.yaml")); !errors.As(err, &d) || d.Code != "brand_read" {
		t.Errorf("no file gives %v", err)
	}
}

func TestEveryBrandColourCanBeRead(t *testing.T) {
	// The contrast of black on white, and of two greys, as WCAG 2.2 and https://webaim.org/resources/contrastchecker have it.
	if c := document.Contrast("#000000", "#ffffff"); c != 21 {
		t.Errorf("black on white is %v", c)
	}
	if c := document.Contrast("#767676", "#ffffff"); c < 4.53 || c > 4.55 {
		t.Errorf("#767676 on white is %v", c)
	}
	rapid.Check(t, func(t *rapid.T) {
		b := document.Brand{Colour: rapid.StringMatching(`#[0-9a-f]{6}`).Draw(t, "colour")}
		for _, paper := range []string{document.LightPaper, document.DarkPaper} {
			ink := b.Ink(paper)
			if c := document.Contrast(ink, paper); c < 4.5 {
				t.Errorf("%s on %s becomes %s, a contrast of %.2f", b.Colour, paper, ink, c)
			}
			if document.Contrast(b.Colour, paper) >= 4.5 && ink != b.Colour {
				t.Errorf("%s can be read on %s and becomes %s", b.Colour, paper, ink)
			}
		}
	})
}
