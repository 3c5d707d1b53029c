package casefile

import _ "embed"

// Schema is the JSON Schema (draft 2020-12) of the case file, for editors. It describes the shape; what formulas mean and
// whether units fit is found by `rendite check` alone.
//
//go:embed schema.json
var Schema []byte
