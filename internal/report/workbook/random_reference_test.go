//go:build reference

package workbook_test

import "testing"

// The rest of the 200 random cases.
func TestReferenceRandomCasesComeToThePlanOfTheEngine(t *testing.T) { random(t, 31, 200) }
