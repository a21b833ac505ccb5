//! A squarified treemap: areas in proportion, sides as even as they can be
//! (Bruls, Huizing and van Wijk, "Squarified Treemaps", 2000).

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) w: f64,
    pub(super) h: f64,
}

/// Places one rectangle per value, largest first; `values` must be sorted so. Values that are not positive get none.
pub(super) fn squarify(values: &[f64], within: Rect) -> Vec<Rect> {
    let positive = values.iter().take_while(|value| value.is_finite() && **value > 0.0).count();
    let values = &values[..positive];
    let total: f64 = values.iter().sum();
    if total <= 0.0 || within.w <= 0.0 || within.h <= 0.0 {
        return Vec::new();
    }
    let scale = within.w * within.h / total;
    let areas: Vec<f64> = values.iter().map(|value| value * scale).collect();
    let mut out = Vec::with_capacity(areas.len());
    let mut free = within;
    let mut at = 0;
    while at < areas.len() {
        let side = free.w.min(free.h);
        let mut end = at + 1;
        while end < areas.len() && worst(&areas[at..=end], side) <= worst(&areas[at..end], side) {
            end += 1;
        }
        free = place(&areas[at..end], free, &mut out);
        at = end;
    }
    out
}

/// The most uneven side ratio of a row laid along `side`.
fn worst(row: &[f64], side: f64) -> f64 {
    let sum: f64 = row.iter().sum();
    let thick = sum / side.max(f64::EPSILON);
    row.iter().fold(0.0, |worst: f64, area| {
        let long = area / thick.max(f64::EPSILON);
        worst.max((long / thick).max(thick / long.max(f64::EPSILON)))
    })
}

/// Lays a row along the shorter side and gives what is left.
fn place(row: &[f64], free: Rect, out: &mut Vec<Rect>) -> Rect {
    let sum: f64 = row.iter().sum();
    if free.w >= free.h {
        let thick = (sum / free.h.max(f64::EPSILON)).min(free.w);
        let mut y = free.y;
        for area in row {
            let h = area / thick.max(f64::EPSILON);
            out.push(Rect { x: free.x, y, w: thick, h });
            y += h;
        }
        Rect { x: free.x + thick, w: free.w - thick, ..free }
    } else {
        let thick = (sum / free.w.max(f64::EPSILON)).min(free.h);
        let mut x = free.x;
        for area in row {
            let w = area / thick.max(f64::EPSILON);
            out.push(Rect { x, y: free.y, w, h: thick });
            x += w;
        }
        Rect { y: free.y + thick, h: free.h - thick, ..free }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Rect = Rect { x: 0.0, y: 0.0, w: 600.0, h: 400.0 };

    #[test]
    fn the_papers_example_is_laid_out_as_in_the_paper() {
        let got = squarify(&[6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0], ROOM);
        assert_eq!(got.len(), 7);
        // The two largest stand above each other at the left, each 3 of 6 wide and 2 of 4 high.
        assert_eq!(got[0], Rect { x: 0.0, y: 0.0, w: 300.0, h: 200.0 });
        assert_eq!(got[1], Rect { x: 0.0, y: 200.0, w: 300.0, h: 200.0 });
    }

    #[test]
    fn areas_are_kept_and_stay_inside() {
        let values = [50.0, 20.0, 9.0, 3.0, 3.0, 0.5, 0.001];
        let got = squarify(&values, ROOM);
        let total: f64 = values.iter().sum();
        for (rect, value) in got.iter().zip(values) {
            assert!((rect.w * rect.h - value / total * 240_000.0).abs() < 0.01, "{rect:?}");
            assert!(rect.x >= 0.0 && rect.y >= 0.0 && rect.x + rect.w < 600.01 && rect.y + rect.h < 400.01);
        }
    }

    #[test]
    fn odd_values_get_no_room_and_do_no_harm() {
        assert!(squarify(&[], ROOM).is_empty());
        assert!(squarify(&[0.0, -1.0], ROOM).is_empty());
        assert!(squarify(&[f64::NAN], ROOM).is_empty());
        assert_eq!(squarify(&[1.0, 0.0], ROOM).len(), 1);
        assert!(squarify(&[1.0], Rect { w: 0.0, ..ROOM }).is_empty());
    }
}
