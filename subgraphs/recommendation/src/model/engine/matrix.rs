//! Sparse matrices by rows, of what readers think of books.

use super::number::index;

/// A matrix of which most cells are empty, as compressed rows; the columns of a row rise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sparse {
    starts: Vec<usize>,
    columns: Vec<u32>,
    weights: Vec<f32>,
    width: usize,
}

impl Sparse {
    /// The matrix with these cells (row, column, weight), each of them below `rows` and `columns`; of one cell's entries the
    /// largest stays.
    pub fn new(rows: usize, columns: usize, mut cells: Vec<(u32, u32, f32)>) -> Self {
        cells.retain(|(row, column, _)| (*row as usize) < rows && (*column as usize) < columns);
        cells.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(b.2.total_cmp(&a.2)));
        cells.dedup_by_key(|cell| (cell.0, cell.1));
        let mut starts = vec![0; rows + 1];
        for (row, ..) in &cells {
            starts[*row as usize + 1] += 1;
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        Self {
            starts,
            columns: cells.iter().map(|(_, column, _)| *column).collect(),
            weights: cells.iter().map(|(.., weight)| *weight).collect(),
            width: columns,
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.width
    }

    /// How many cells are not empty.
    pub fn cells(&self) -> usize {
        self.columns.len()
    }

    /// Columns and weights of a row.
    pub fn row(&self, row: usize) -> impl ExactSizeIterator<Item = (u32, f32)> + Clone + '_ {
        let range = match (self.starts.get(row), self.starts.get(row + 1)) {
            (Some(start), Some(end)) => *start..*end,
            _ => 0..0,
        };
        let weights = &self.weights[range.clone()];
        self.columns[range]
            .iter()
            .copied()
            .zip(weights.iter().copied())
    }

    /// The same cells by columns.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let mut starts = vec![0; self.width + 1];
        for column in &self.columns {
            starts[*column as usize + 1] += 1;
        }
        for column in 0..self.width {
            starts[column + 1] += starts[column];
        }
        let mut free = starts.clone();
        let mut columns = vec![0; self.columns.len()];
        let mut weights = vec![0.0; self.columns.len()];
        for row in 0..self.rows() {
            for (column, weight) in self.row(row) {
                let place = &mut free[column as usize];
                columns[*place] = index(row);
                weights[*place] = weight;
                *place += 1;
            }
        }
        Self {
            starts,
            columns,
            weights,
            width: self.rows(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_matrix_holds_its_cells_in_any_order(cells in proptest::collection::btree_map((0..20_u32, 0..30_u32), 0.1..5_f32, 0..100), seed in any::<u64>()) {
            let cells: Vec<_> = cells.into_iter().map(|((row, column), weight)| (row, column, weight)).collect();
            let mut shuffled = cells.clone();
            super::super::random::Random::new(seed).shuffle(&mut shuffled);
            let matrix = Sparse::new(20, 30, shuffled);
            let found: Vec<_> = (0..20).flat_map(|row| {
                matrix.row(row).map(move |(column, weight)| (index(row), column, weight)).collect::<Vec<_>>()
            }).collect();
            prop_assert_eq!(found, cells);
            prop_assert_eq!(matrix.transposed().transposed(), matrix);
        }
    }

    #[test]
    fn the_largest_of_a_cell_stays_and_strangers_are_left_out() {
        let matrix = Sparse::new(
            2,
            2,
            vec![(0, 1, 1.0), (0, 1, 3.0), (5, 0, 1.0), (1, 9, 1.0)],
        );
        assert_eq!(matrix.row(0).collect::<Vec<_>>(), [(1, 3.0)]);
        assert_eq!(
            (matrix.cells(), matrix.row(1).len(), matrix.row(7).len()),
            (1, 0, 0)
        );
    }
}
