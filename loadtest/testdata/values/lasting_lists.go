package values

// Sorter sorts the list that it was made of, as a sort.Interface.
type Sorter struct{ list []float64 }

func NewSorter(list []float64) Sorter            { return Sorter{list} }
func NewSorters(list []float64, _ error) *Sorter { return &Sorter{list} }
func (s Sorter) Len() int                        { return len(s.list) }
func (s Sorter) Less(i, j int) bool              { return s.list[i] < s.list[j] }
func (s Sorter) Swap(i, j int)                   { s.list[i], s.list[j] = s.list[j], s.list[i] }
func (s Sorter) At(i int) float64                { return s.list[i] }
