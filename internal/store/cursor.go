package store

import (
	"encoding/base64"
	"encoding/json"
)

// cursor is the place of the last row of a page: its sort value and its id, so that a page goes on after that row
// whatever has been added or removed meanwhile. Of names the list, so that a cursor fits no other.
type cursor struct {
	Of  string `json:"o"`
	At  int64  `json:"a,omitempty"`
	Key string `json:"k,omitempty"`
	ID  string `json:"i,omitempty"`
}

func (c cursor) String() string {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and a number always marshal
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// read replaces c by what text holds; "" leaves it alone.
func (c *cursor) read(text string) error {
	if text == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return ErrCursor
	}
	var got cursor
	if json.Unmarshal(raw, &got) != nil || got.Of != c.Of || got.ID == "" {
		return ErrCursor
	}
	*c = got
	return nil
}
