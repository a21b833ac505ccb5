//! Walks the tree of a script and lists its commands.

use crate::command::{Place, Redirect, Simple, Word};
use crate::cook::{self, bounds};
use crate::{MOST_NESTED, is_shell, read, text};
use seaworthy_dockerfile::OffsetMap;
use shuck_ast::{
    ArrayElem, Assignment, AssignmentValue, BinaryOp, BuiltinCommand, Command, CompoundCommand,
    ConditionalExpr, DeclOperand, File, HeredocBodyPart, Redirect as Redirection, RedirectKind,
    RedirectTarget, SimpleCommand, Stmt, StmtSeq, StmtTerminator, WordPart, WordPartNode,
};

/// Deepest nesting of statements that is followed.
const DEEPEST: usize = 120;

/// Where a script comes from.
#[derive(Clone, Copy, Default)]
pub(crate) struct Origin {
    /// The command that is given it.
    pub(crate) parent: Option<usize>,
    pub(crate) place: Place,
    /// How many scripts it is inside of.
    pub(crate) nested: usize,
}

/// Something inside of a word, read when the statement around it is finished.
enum Later<'a> {
    Statements(&'a StmtSeq, Option<usize>, Place),
    Script(String, OffsetMap, Option<usize>, Place),
}

struct Walk<'a, 'o> {
    source: &'a str,
    map: &'a OffsetMap,
    nested: usize,
    out: &'o mut Vec<Simple>,
    later: Vec<Later<'a>>,
    depth: usize,
}

/// Adds the commands of a script to `out`.
pub(crate) fn commands(file: &File, source: &str, map: &OffsetMap, origin: Origin, out: &mut Vec<Simple>) {
    let mut walk = Walk { source, map, nested: origin.nested, out, later: Vec::new(), depth: 0 };
    let stmts = file.body.as_slice();
    for (at, stmt) in stmts.iter().enumerate() {
        walk.statement(stmt, at + 1 == stmts.len(), origin.parent, origin.place);
        walk.finish();
    }
}

impl<'a> Walk<'a, '_> {
    /// Reads what words held, and what the words of that held.
    fn finish(&mut self) {
        let mut at = 0;
        while at < self.later.len() {
            match std::mem::replace(
                &mut self.later[at],
                Later::Script(String::new(), OffsetMap::default(), None, Place::default()),
            ) {
                Later::Statements(seq, parent, place) => self.sequence(seq, parent, place),
                Later::Script(text, map, parent, place) if !text.is_empty() && self.nested < MOST_NESTED => {
                    let place = Place { nested: true, ..place };
                    let map = map.through(self.map);
                    read(&text, &map, Origin { parent, place, nested: self.nested + 1 }, self.out);
                }
                Later::Script(..) => {}
            }
            at += 1;
        }
        self.later.clear();
    }

    fn sequence(&mut self, seq: &'a StmtSeq, parent: Option<usize>, place: Place) {
        let stmts = seq.as_slice();
        for (at, stmt) in stmts.iter().enumerate() {
            self.statement(stmt, at + 1 == stmts.len(), parent, place);
        }
    }

    /// A sequence that another part of the same command follows.
    fn part(&mut self, seq: &'a StmtSeq, parent: Option<usize>, place: Place) {
        self.sequence(seq, parent, place);
        self.end();
    }

    /// Marks the last command as ended.
    fn end(&mut self) {
        if let Some(end) = self.out.last_mut()
            && end.then.is_empty()
        {
            end.then = ";";
        }
    }

    /// A statement; where another one follows, its last command is marked as ended.
    fn statement(&mut self, stmt: &'a Stmt, last: bool, parent: Option<usize>, place: Place) {
        if self.depth >= DEEPEST {
            return;
        }
        self.depth += 1;
        let first = self.out.len();
        let background = matches!(stmt.terminator, Some(StmtTerminator::Background(_)));
        let place = Place {
            negated: place.negated || stmt.negated,
            background: place.background || background,
            ..place
        };
        self.command(stmt, parent, place);
        if (!last || matches!(stmt.terminator, Some(StmtTerminator::Semicolon)) || background)
            && let Some(end) = self.out[first..].last_mut()
            && end.then.is_empty()
        {
            end.then = ";";
        }
        self.depth -= 1;
    }

    fn command(&mut self, stmt: &'a Stmt, parent: Option<usize>, place: Place) {
        match &stmt.command {
            Command::Simple(simple) => self.simple(simple, &stmt.redirects, parent, place),
            Command::Builtin(builtin) => self.builtin(builtin, &stmt.redirects, parent, place),
            Command::Decl(decl) => {
                let mut open = self.open();
                for assignment in &decl.assignments {
                    open.assignment(assignment);
                }
                open.raw(decl.variant_span, true);
                for operand in &decl.operands {
                    match operand {
                        DeclOperand::Flag(word) | DeclOperand::Dynamic(word) => open.word(word),
                        DeclOperand::Name(name) => open.raw(name.span, true),
                        DeclOperand::Assignment(assignment) => open.assignment(assignment),
                    }
                }
                open.finish(self, &stmt.redirects, parent, place);
            }
            Command::Binary(_) => self.list(stmt, parent, place),
            Command::Compound(compound) => {
                self.compound(compound, parent, place);
                self.redirects(&stmt.redirects, parent, place);
            }
            Command::Function(function) => {
                self.statement(&function.body, true, parent, Place { function: true, ..place });
            }
            Command::AnonymousFunction(function) => {
                self.statement(&function.body, true, parent, place);
            }
        }
    }

    /// Commands joined by operators; the tree leans to the left, so it is unrolled instead of descended.
    fn list(&mut self, stmt: &'a Stmt, parent: Option<usize>, place: Place) {
        let mut right = Vec::new();
        let mut left = stmt;
        while let Command::Binary(binary) = &left.command {
            right.push((binary.op, binary.right.as_ref()));
            left = binary.left.as_ref();
        }
        let first = self.out.len();
        self.statement(left, true, parent, place);
        for (op, next) in right.into_iter().rev() {
            // A test such as `[[ … ]]` is no command and leaves nothing to mark.
            if let Some(end) = self.out[first..].last_mut() {
                end.then = match op {
                    BinaryOp::And => "&&",
                    BinaryOp::Or => "||",
                    BinaryOp::Pipe | BinaryOp::PipeAll => "|",
                };
            }
            self.statement(next, true, parent, place);
        }
    }

    fn simple(
        &mut self,
        simple: &'a SimpleCommand,
        redirects: &'a [Redirection],
        parent: Option<usize>,
        place: Place,
    ) {
        let mut open = self.open();
        for assignment in &simple.assignments {
            open.assignment(assignment);
        }
        if !simple.name.parts.is_empty() && simple.name.span.start.offset() < simple.name.span.end.offset() {
            open.word(&simple.name);
        }
        for word in &simple.args {
            open.word(word);
        }
        open.finish(self, redirects, parent, place);
    }

    fn builtin(
        &mut self,
        builtin: &'a BuiltinCommand,
        redirects: &'a [Redirection],
        parent: Option<usize>,
        place: Place,
    ) {
        let (name, first, more, assignments, span) = match builtin {
            BuiltinCommand::Break(it) => ("break", &it.depth, &it.extra_args, &it.assignments, it.span),
            BuiltinCommand::Continue(it) => ("continue", &it.depth, &it.extra_args, &it.assignments, it.span),
            BuiltinCommand::Return(it) => ("return", &it.code, &it.extra_args, &it.assignments, it.span),
            BuiltinCommand::Exit(it) => ("exit", &it.code, &it.extra_args, &it.assignments, it.span),
        };
        let mut open = self.open();
        for assignment in assignments {
            open.assignment(assignment);
        }
        // The tree does not keep the place of the name itself.
        let start = open.args.last().map_or(span.start.offset(), |last| last.1.max(span.start.offset()));
        let at =
            self.source.get(start..).and_then(|rest| rest.find(name)).map_or(start, |found| start + found);
        open.push(name.to_owned(), (at, at + name.len()), Word { literal: true, ..Word::default() });
        for word in first.iter().chain(more) {
            open.word(word);
        }
        open.finish(self, redirects, parent, place);
    }

    fn compound(&mut self, compound: &'a CompoundCommand, parent: Option<usize>, place: Place) {
        let condition = Place { condition: true, ..place };
        let branch = Place { branch: true, ..place };
        match compound {
            CompoundCommand::If(it) => {
                self.part(&it.condition, parent, condition);
                self.sequence(&it.then_branch, parent, branch);
                for (again, then) in &it.elif_branches {
                    self.end();
                    self.part(again, parent, Place { branch: true, ..condition });
                    self.sequence(then, parent, branch);
                }
                if let Some(otherwise) = &it.else_branch {
                    self.end();
                    self.sequence(otherwise, parent, branch);
                }
            }
            CompoundCommand::For(it) => {
                for word in it.words.iter().flatten() {
                    self.inside(&word.parts, parent, place);
                }
                self.sequence(&it.body, parent, branch);
            }
            CompoundCommand::Repeat(it) => self.sequence(&it.body, parent, branch),
            CompoundCommand::Foreach(it) => {
                for word in &it.words {
                    self.inside(&word.parts, parent, place);
                }
                self.sequence(&it.body, parent, branch);
            }
            CompoundCommand::ArithmeticFor(it) => self.sequence(&it.body, parent, branch),
            CompoundCommand::While(it) => {
                self.part(&it.condition, parent, condition);
                self.sequence(&it.body, parent, branch);
            }
            CompoundCommand::Until(it) => {
                self.part(&it.condition, parent, condition);
                self.sequence(&it.body, parent, branch);
            }
            CompoundCommand::Case(it) => {
                self.inside(&it.word.parts, parent, place);
                for case in &it.cases {
                    self.sequence(&case.body, parent, branch);
                }
            }
            CompoundCommand::Select(it) => self.sequence(&it.body, parent, branch),
            CompoundCommand::Subshell(seq) => self.sequence(seq, parent, Place { subshell: true, ..place }),
            CompoundCommand::BraceGroup(seq) => self.sequence(seq, parent, place),
            CompoundCommand::Arithmetic(_) => {}
            CompoundCommand::Time(it) => {
                if let Some(stmt) = &it.command {
                    self.statement(stmt, true, parent, place);
                }
            }
            CompoundCommand::Conditional(it) => self.conditional(&it.expression, parent, place, 0),
            CompoundCommand::Coproc(it) => self.statement(&it.body, true, parent, place),
            CompoundCommand::Always(it) => {
                self.sequence(&it.body, parent, place);
                self.sequence(&it.always_body, parent, place);
            }
        }
    }

    fn conditional(&mut self, expr: &'a ConditionalExpr, parent: Option<usize>, place: Place, depth: usize) {
        if depth >= DEEPEST {
            return;
        }
        match expr {
            ConditionalExpr::Binary(it) => {
                self.conditional(&it.left, parent, place, depth + 1);
                self.conditional(&it.right, parent, place, depth + 1);
            }
            ConditionalExpr::Unary(it) => self.conditional(&it.expr, parent, place, depth + 1),
            ConditionalExpr::Parenthesized(it) => self.conditional(&it.expr, parent, place, depth + 1),
            ConditionalExpr::Word(word) | ConditionalExpr::Regex(word) => {
                self.inside(&word.parts, parent, place);
            }
            ConditionalExpr::Pattern(_) | ConditionalExpr::VarRef(_) => {}
        }
    }

    /// Notes the commands inside of a word.
    fn inside(&mut self, parts: &'a [WordPartNode], parent: Option<usize>, place: Place) {
        let place = Place { substitution: true, ..place };
        for part in parts {
            match &part.kind {
                WordPart::DoubleQuoted { parts, .. } => self.inside(parts, parent, place),
                WordPart::CommandSubstitution { body, .. } | WordPart::ProcessSubstitution { body, .. } => {
                    self.later.push(Later::Statements(body, parent, place));
                }
                WordPart::ArithmeticExpansion { expression_word_ast: word, .. } => {
                    self.inside(&word.parts, parent, place);
                }
                WordPart::ParameterExpansion { operand_word_ast: Some(word), .. } => {
                    self.inside(&word.parts, parent, place);
                }
                WordPart::Parameter(it) => {
                    if let Some(word) = it.bourne().and_then(|it| it.operand_word_ast()) {
                        self.inside(&word.parts, parent, place);
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads redirections, and notes the commands inside of them.
    fn redirects(
        &mut self,
        redirects: &'a [Redirection],
        parent: Option<usize>,
        place: Place,
    ) -> Vec<Redirect> {
        let mut found = Vec::with_capacity(redirects.len());
        for redirect in redirects {
            let target = match &redirect.target {
                RedirectTarget::Word(word) => {
                    self.inside(&word.parts, parent, place);
                    cook::word(word, self.source).text
                }
                RedirectTarget::Heredoc(heredoc) => {
                    let place = Place { substitution: true, ..place };
                    for part in &heredoc.body.parts {
                        if let HeredocBodyPart::CommandSubstitution { body, .. } = &part.kind {
                            self.later.push(Later::Statements(body, parent, place));
                        }
                    }
                    heredoc.delimiter.cooked.to_string()
                }
            };
            let (start, end) = bounds(redirect.span);
            found.push(Redirect {
                fd: redirect.fd,
                sign: sign(redirect.kind),
                target,
                span: self.map.span(start, end),
            });
        }
        found
    }

    fn open(&self) -> Open<'a> {
        Open {
            words: Vec::new(),
            args: Vec::new(),
            inside: Vec::new(),
            scripts: Vec::new(),
            source: self.source,
        }
    }
}

/// A command whose words are being read.
struct Open<'a> {
    words: Vec<String>,
    /// How the words are written, with their bounds in the script.
    args: Vec<(usize, usize, Word)>,
    inside: Vec<&'a [WordPartNode]>,
    /// From offsets in each word to offsets in the script.
    scripts: Vec<OffsetMap>,
    source: &'a str,
}

impl<'a> Open<'a> {
    fn push(&mut self, text: String, (start, end): (usize, usize), word: Word) {
        self.words.push(text);
        self.args.push((start, end, word));
        self.scripts.push(OffsetMap::contiguous(start));
    }

    fn word(&mut self, word: &'a shuck_ast::Word) {
        let cooked = cook::word(word, self.source);
        let how = Word { literal: cooked.literal, quoted: cooked.quoted, ..Word::default() };
        self.push(cooked.text, bounds(word.span), how);
        if let Some(map) = self.scripts.last_mut() {
            *map = cooked.map;
        }
        if !cooked.literal {
            self.inside.push(&word.parts);
        }
    }

    fn raw(&mut self, span: shuck_ast::Span, literal: bool) {
        let (start, end) = bounds(span);
        let text = self.source.get(start..end).unwrap_or_default().to_owned();
        self.push(text, (start, end), Word { literal, ..Word::default() });
    }

    fn assignment(&mut self, assignment: &'a Assignment) {
        match &assignment.value {
            AssignmentValue::Scalar(value) => {
                let (start, _) = bounds(assignment.span);
                let cooked = cook::word(value, self.source);
                let name = self.source.get(start..value.span.start.offset().max(start)).unwrap_or_default();
                let how = Word { literal: cooked.literal, quoted: cooked.quoted, ..Word::default() };
                self.push(format!("{name}{}", cooked.text), bounds(assignment.span), how);
                if !cooked.literal {
                    self.inside.push(&value.parts);
                }
            }
            AssignmentValue::Compound(array) => {
                self.raw(assignment.span, false);
                for element in &array.elements {
                    if let ArrayElem::Sequential(value) = element {
                        self.inside.push(&value.word.parts);
                    }
                }
            }
        }
    }

    fn finish(
        self,
        walk: &mut Walk<'a, '_>,
        redirects: &'a [Redirection],
        parent: Option<usize>,
        place: Place,
    ) {
        let at = walk.out.len();
        let bodies = walk.redirects(redirects, if self.words.is_empty() { parent } else { Some(at) }, place);
        for parts in &self.inside {
            walk.inside(parts, if self.words.is_empty() { parent } else { Some(at) }, place);
        }
        if self.words.is_empty() {
            return;
        }
        let args =
            self.args.iter().map(|(start, end, word)| Word { span: walk.map.span(*start, *end), ..*word });
        let mut simple = Simple::new(self.words, args.collect(), "");
        (simple.redirects, simple.parent, simple.place) = (bodies, parent, place);
        if let Some(script) = text::script_argument(&simple) {
            walk.later.push(Later::Script(
                simple.words[script].clone(),
                self.scripts[script].clone(),
                Some(at),
                place,
            ));
        } else if simple.program() == "eval" {
            let first = simple.words.len() - simple.rest().len() + 1;
            let (mut joined, mut map) = (String::new(), OffsetMap::default());
            for (word, own) in simple.words.iter().zip(&self.scripts).skip(first) {
                if !joined.is_empty() {
                    joined.push(' ');
                }
                own.append_to(&mut map, joined.len(), word.len());
                joined.push_str(word);
            }
            walk.later.push(Later::Script(joined, map, Some(at), place));
        } else if is_shell(simple.program()) && simple.rest().iter().skip(1).all(|word| word.starts_with('-'))
        {
            for body in redirects.iter().filter_map(Redirection::heredoc).map(|heredoc| &heredoc.body) {
                let (start, end) = bounds(body.span);
                if let Some(text) = walk.source.get(start..end).filter(|_| body.source_backed) {
                    let map = OffsetMap::contiguous(start);
                    walk.later.push(Later::Script(text.to_owned(), map, Some(at), place));
                }
            }
        }
        walk.out.push(simple);
    }
}

const fn sign(kind: RedirectKind) -> &'static str {
    match kind {
        RedirectKind::Output => ">",
        RedirectKind::Clobber => ">|",
        RedirectKind::Append => ">>",
        RedirectKind::Input => "<",
        RedirectKind::ReadWrite => "<>",
        RedirectKind::HereDoc | RedirectKind::HereDocStrip => "<<",
        RedirectKind::HereString => "<<<",
        RedirectKind::DupOutput => ">&",
        RedirectKind::DupInput => "<&",
        RedirectKind::OutputBoth => "&>",
    }
}
