package api

// fields say what the fields of the engine's types mean; its own comments cannot be read at run time. The names and the
// units are those of docs/json.md.
var fields = map[string]map[string]string{}
