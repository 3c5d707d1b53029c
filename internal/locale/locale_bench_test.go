package locale

import "testing"

// BenchmarkLoad is what a run pays once per language at start; it should stay under 3 ms.
func BenchmarkLoad(b *testing.B) {
	for _, lang := range Langs() {
		b.Run(string(lang), func(b *testing.B) {
			for b.Loop() {
				load(lang)
			}
		})
	}
}
