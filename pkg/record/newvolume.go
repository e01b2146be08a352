package record

// NewVolume says how a mount's volume is made when there is none of its name.
type NewVolume struct {
	Driver  string            `json:"driver,omitempty"` // empty: local
	Options map[string]string `json:"options,omitempty"`
	Labels  Labels            `json:"labels,omitempty"`
}
