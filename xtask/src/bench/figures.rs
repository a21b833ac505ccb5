//! What was measured: samples of contenders, and how they become medians and ratios.

/// What a figure counts. Times are seconds, memory is bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// User and system time of the program and every process it waited for.
    Cpu,
    /// From the start of the program to its end.
    Wall,
    /// The most memory the program held at once.
    Rss,
    /// From the start of the program to the first byte it wrote.
    First,
}

impl Kind {
    /// The heading of a column, and the name in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "CPU",
            Self::Wall => "wall",
            Self::Rss => "peak RSS",
            Self::First => "first output",
        }
    }

    /// The unit of the raw figure in JSON.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Cpu | Self::Wall | Self::First => "s",
            Self::Rss => "B",
        }
    }

    /// A figure as people read it.
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Self::Rss => format!("{:.1} MiB", value / f64::from(1 << 20)),
            _ if value < 0.1 => format!("{:.2} ms", value * 1e3),
            _ if value < 1.0 => format!("{:.0} ms", value * 1e3),
            _ => format!("{value:.2} s"),
        }
    }
}

/// The figures of one round.
pub(crate) type Sample = Vec<(Kind, f64)>;

/// On which side a contender stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The least the work can cost on this machine.
    Floor,
    /// Seaworthy.
    Own,
    /// Another tool.
    Peer,
}

impl Role {
    /// The name in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Own => "seaworthy",
            Self::Peer => "peer",
        }
    }
}

/// One contender and what was seen of it.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Why there are no figures, such as `not installed`.
    pub(crate) absent: Option<String>,
    samples: Vec<Sample>,
}

impl Row {
    /// A contender that will be measured.
    pub(crate) fn new(name: impl Into<String>, role: Role) -> Self {
        Self { name: name.into(), role, absent: None, samples: Vec::new() }
    }

    /// A contender that cannot be measured, with the reason.
    pub(crate) fn absent(name: impl Into<String>, role: Role, why: impl Into<String>) -> Self {
        Self { absent: Some(why.into()), ..Self::new(name, role) }
    }

    /// Adds the figures of one round, or drops the contender with the error as the reason.
    pub(crate) fn record(&mut self, round: anyhow::Result<Sample>) {
        match round {
            Ok(sample) => self.samples.push(sample),
            Err(error) => {
                self.samples.clear();
                self.absent = Some(format!("not run: {error:#}"));
            }
        }
    }

    /// How many rounds were counted.
    pub(crate) fn rounds(&self) -> usize {
        self.samples.len()
    }

    /// The figures of one kind, least first.
    fn sorted(&self, kind: Kind) -> Vec<f64> {
        let all = self.samples.iter().flatten();
        let mut values: Vec<f64> = all.filter(|(found, _)| *found == kind).map(|(_, value)| *value).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    /// The middle figure; of an even number the mean of the two in the middle.
    pub(crate) fn median(&self, kind: Kind) -> Option<f64> {
        let values = self.sorted(kind);
        let upper = *values.get(values.len() / 2)?;
        if values.len() % 2 == 1 {
            return Some(upper);
        }
        Some(f64::midpoint(*values.get(values.len() / 2 - 1)?, upper))
    }

    /// The least figure.
    pub(crate) fn least(&self, kind: Kind) -> Option<f64> {
        self.sorted(kind).first().copied()
    }
}

/// One work, done by several contenders.
#[derive(Debug)]
pub(crate) struct Table {
    /// The bench, such as `inspect`.
    pub(crate) bench: &'static str,
    /// What was worked on.
    pub(crate) case: String,
    /// The budget or a remark, in words.
    pub(crate) note: String,
    /// The kinds in the order of their columns; ratios are of the first one.
    pub(crate) kinds: Vec<Kind>,
    pub(crate) rows: Vec<Row>,
}

impl Table {
    /// A row's figure divided by that of the first measured row of a role.
    pub(crate) fn ratio(&self, row: &Row, role: Role) -> Option<f64> {
        let kind = *self.kinds.first()?;
        let base = self.rows.iter().find(|row| row.role == role && row.rounds() > 0)?;
        let base = base.median(kind).filter(|value| *value > 0.0)?;
        row.median(kind).map(|value| value / base)
    }
}

/// How a contender does its work once.
pub(crate) type Work<'a> = Box<dyn FnMut() -> anyhow::Result<Sample> + 'a>;

/// Contenders that take turns.
#[derive(Default)]
pub(crate) struct Field<'a> {
    rows: Vec<Row>,
    works: Vec<Option<Work<'a>>>,
}

impl<'a> Field<'a> {
    /// Adds a contender.
    pub(crate) fn add(&mut self, name: &str, role: Role, work: impl FnMut() -> anyhow::Result<Sample> + 'a) {
        self.rows.push(Row::new(name, role));
        self.works.push(Some(Box::new(work)));
    }

    /// Adds a contender that cannot take part.
    pub(crate) fn absent(&mut self, name: &str, role: Role, why: &str) {
        self.rows.push(Row::absent(name, role, why));
        self.works.push(None);
    }

    /// Lets everyone work once uncounted, then in turns; each round begins with another contender, so that none
    /// always follows the same one.
    pub(crate) fn run(mut self, rounds: usize) -> Vec<Row> {
        let count = self.rows.len();
        for round in 0..=rounds {
            for turn in 0..count {
                let index = (round + turn) % count;
                let (Some(row), Some(Some(work))) = (self.rows.get_mut(index), self.works.get_mut(index))
                else {
                    continue;
                };
                if row.absent.is_some() {
                    continue;
                }
                let sample = work();
                if round > 0 || sample.is_err() {
                    row.record(sample);
                }
            }
        }
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, Kind, Role, Row, Table};

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        let mut row = Row::new("x", Role::Own);
        for value in [4.0, 1.0, 3.0, 2.0] {
            row.record(Ok(vec![(Kind::Wall, value), (Kind::Rss, 7.0)]));
        }
        assert_eq!(row.median(Kind::Wall), Some(2.5));
        assert_eq!(row.least(Kind::Wall), Some(1.0));
        assert_eq!(row.median(Kind::Cpu), None);
        row.record(Ok(vec![(Kind::Wall, 9.0)]));
        assert_eq!(row.median(Kind::Wall), Some(3.0));
    }

    #[test]
    fn a_failing_contender_is_dropped_with_its_reason_and_the_others_go_on() {
        let mut field = Field::default();
        let mut turns = 0;
        field.add("good", Role::Floor, || Ok(vec![(Kind::Wall, 2.0)]));
        field.add("bad", Role::Peer, || {
            turns += 1;
            if turns == 3 { Err(anyhow::anyhow!("out of luck")) } else { Ok(vec![(Kind::Wall, 6.0)]) }
        });
        field.absent("gone", Role::Peer, "not installed");
        let rows = field.run(5);
        assert_eq!(rows[0].rounds(), 5);
        assert_eq!((rows[1].rounds(), rows[1].absent.as_deref()), (0, Some("not run: out of luck")));
        assert_eq!(rows[2].absent.as_deref(), Some("not installed"));
        assert_eq!(turns, 3);
    }

    #[test]
    fn ratios_are_of_the_first_kind() {
        let mut floor = Row::new("floor", Role::Floor);
        floor.record(Ok(vec![(Kind::Cpu, 2.0), (Kind::Wall, 1.0)]));
        let mut own = Row::new("own", Role::Own);
        own.record(Ok(vec![(Kind::Cpu, 3.0), (Kind::Wall, 50.0)]));
        let kinds = vec![Kind::Cpu, Kind::Wall];
        let table =
            Table { bench: "b", case: "c".to_owned(), note: String::new(), kinds, rows: vec![floor, own] };
        assert_eq!(table.ratio(&table.rows[1], Role::Floor), Some(1.5));
        assert_eq!(table.ratio(&table.rows[0], Role::Peer), None);
    }
}
