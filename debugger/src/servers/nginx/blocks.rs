//! The blocks of a configuration as a tree: each knows its parent, from which it inherits.

use super::parse::Directive;
use crate::servers::expression::Expression;
use crate::servers::source::Place;

/// The index of a block in [`Blocks`].
pub type Id = usize;

/// The kind of a block.
#[derive(Clone, Debug)]
pub enum BlockKind {
    /// `http`, or the top of a part of a configuration.
    Http,
    /// A server.
    Server,
    /// A location, by how it is chosen.
    Location(Match),
    /// An `if`.
    If,
    /// A `limit_except`, for other methods than these.
    LimitExcept(Vec<String>),
}

/// How a location is chosen.
#[derive(Clone, Debug)]
pub enum Match {
    /// `location = /path`.
    Exact(String),
    /// `location /path`, or with `^~`, which stops the search of expressions.
    Prefix(String, bool),
    /// `location ~ expression`; an error if the expression is not understood.
    Regex(Result<Expression, String>),
    /// `location @name`.
    Named(String),
}

/// A block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its kind.
    pub kind: BlockKind,
    /// The block around it.
    pub parent: Option<Id>,
    /// Its directives, in their order.
    pub directives: Vec<Directive>,
    /// The blocks that its directives open: the index of the directive, and the block.
    pub inner: Vec<(usize, Id)>,
    /// The line that opens it; `None` for the top of a part of a configuration.
    pub place: Option<Place>,
}

/// All blocks. The first is `http`.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    all: Vec<Block>,
}

/// The directives that tell a part of a server from a part of a location.
const SERVER_ONLY: [&str; 3] = ["listen", "server_name", "location"];

impl Blocks {
    /// Builds the tree of a whole configuration, or of a part: directives of `http`, of a server
    /// or of a location.
    pub fn new(directives: Vec<Directive>) -> Self {
        let mut blocks = Self::default();
        let has = |name: &str| directives.iter().any(|directive| directive.name.text == name);
        if has("http") {
            let mut inside = Vec::new();
            let mut place = None;
            for directive in directives {
                if directive.name.text == "http" {
                    place = Some(directive.place);
                    inside.extend(directive.block.unwrap_or_default());
                }
            }
            blocks.add(BlockKind::Http, None, inside, place);
        } else if has("server") {
            // A part of a server beside servers, such as an included file that is given too.
            blocks.add(BlockKind::Http, None, directives, None);
        } else if !directives.is_empty() {
            let is_http = |directive: &Directive| {
                matches!(
                    directive.name.text.as_str(),
                    "map" | "geo" | "upstream" | "split_clients" | "limit_req_zone" | "log_format"
                )
            };
            let (http, server): (Vec<_>, Vec<_>) = directives.into_iter().partition(is_http);
            let top = blocks.add(BlockKind::Http, None, http, None);
            if SERVER_ONLY
                .iter()
                .any(|name| server.iter().any(|directive| directive.name.text == *name))
            {
                blocks.add(BlockKind::Server, Some(top), server, None);
            } else if !server.is_empty() {
                // A part of a location: `add_header` in `if` is only possible there.
                let around = blocks.add(BlockKind::Server, Some(top), Vec::new(), None);
                let kind = BlockKind::Location(Match::Prefix("/".into(), false));
                let inside = blocks.add(kind, Some(around), server, None);
                blocks.all[around].inner.push((usize::MAX, inside));
            }
        } else {
            blocks.add(BlockKind::Http, None, Vec::new(), None);
        }
        blocks
    }

    fn add(
        &mut self,
        kind: BlockKind,
        parent: Option<Id>,
        directives: Vec<Directive>,
        place: Option<Place>,
    ) -> Id {
        let id = self.all.len();
        self.all.push(Block {
            kind,
            parent,
            directives: Vec::new(),
            inner: Vec::new(),
            place,
        });
        let mut inner = Vec::new();
        for (index, directive) in directives.iter().enumerate() {
            let Some(children) = &directive.block else {
                continue;
            };
            let kind = match directive.name.text.as_str() {
                "server" => BlockKind::Server,
                "location" => BlockKind::Location(location(directive)),
                "if" => BlockKind::If,
                "limit_except" => {
                    BlockKind::LimitExcept(directive.args.iter().map(|word| word.text.clone()).collect())
                }
                _ => continue,
            };
            let child = self.add(kind, Some(id), children.clone(), Some(directive.place));
            inner.push((index, child));
        }
        self.all[id].directives = directives;
        self.all[id].inner = inner;
        id
    }

    /// Returns a block.
    pub fn get(&self, id: Id) -> &Block {
        &self.all[id]
    }

    /// Returns the indexes of all blocks.
    pub fn ids(&self) -> std::ops::Range<Id> {
        0..self.all.len()
    }

    /// Returns the block and the blocks around it, the innermost first.
    pub fn chain(&self, id: Id) -> impl Iterator<Item = Id> {
        std::iter::successors(Some(id), |id| self.all[*id].parent)
    }

    /// Returns the directives of this name in the block itself.
    pub fn own<'b>(&'b self, id: Id, name: &'b str) -> impl Iterator<Item = &'b Directive> {
        self.all[id]
            .directives
            .iter()
            .filter(move |directive| directive.name.text == name)
    }

    /// Returns the directives of this name that a block has or inherits: those of the innermost
    /// block that has one.
    pub fn inherited<'b>(&'b self, id: Id, name: &'b str) -> Vec<&'b Directive> {
        self.chain(id)
            .map(|id| self.own(id, name).collect::<Vec<_>>())
            .find(|own| !own.is_empty())
            .unwrap_or_default()
    }

    /// Returns the directive of this name that a block has or inherits.
    pub fn setting<'b>(&'b self, id: Id, name: &'b str) -> Option<&'b Directive> {
        self.inherited(id, name).into_iter().next()
    }

    /// Returns whether a setting is `on`.
    pub fn is_on(&self, id: Id, name: &str) -> bool {
        self.setting(id, name)
            .is_some_and(|directive| directive.arg(0) == "on")
    }

    /// Returns the server that a block is in.
    pub fn server_of(&self, id: Id) -> Id {
        self.chain(id)
            .find(|id| matches!(self.all[*id].kind, BlockKind::Server))
            .unwrap_or(id)
    }

    /// Returns the location that a block is or is in; the server if it is not in one.
    pub fn location_of(&self, id: Id) -> Id {
        self.chain(id)
            .find(|id| {
                matches!(
                    self.all[*id].kind,
                    BlockKind::Location(_) | BlockKind::Server | BlockKind::Http
                )
            })
            .unwrap_or(id)
    }

    /// Returns the locations directly in a block.
    pub fn locations(&self, id: Id) -> impl Iterator<Item = (Id, &Match)> {
        self.all[id]
            .inner
            .iter()
            .filter_map(|(_, id)| match &self.all[*id].kind {
                BlockKind::Location(matching) => Some((*id, matching)),
                _ => None,
            })
    }

    /// Returns the servers.
    pub fn servers(&self) -> impl Iterator<Item = Id> + '_ {
        self.ids()
            .filter(|id| matches!(self.all[*id].kind, BlockKind::Server))
    }

    /// Returns the block that a directive of a block opens.
    pub fn opened(&self, id: Id, index: usize) -> Option<Id> {
        self.all[id]
            .inner
            .iter()
            .find(|(at, _)| *at == index)
            .map(|(_, id)| *id)
    }

    /// Returns a name for readers, such as `location /api/`.
    pub fn name(&self, id: Id) -> String {
        let block = &self.all[id];
        match &block.kind {
            BlockKind::Http => "http".into(),
            BlockKind::Server => "server".into(),
            BlockKind::If => "if".into(),
            BlockKind::LimitExcept(methods) => format!("limit_except {}", methods.join(" ")),
            BlockKind::Location(matching) => match matching {
                Match::Exact(path) => format!("location = {path}"),
                Match::Prefix(path, true) => format!("location ^~ {path}"),
                Match::Prefix(path, false) => format!("location {path}"),
                Match::Regex(Ok(expression)) => format!("location ~ {}", expression.pattern()),
                Match::Regex(Err(_)) => "location ~".into(),
                Match::Named(name) => format!("location {name}"),
            },
        }
    }
}

fn location(directive: &Directive) -> Match {
    let (modifier, rest) = match directive.args.as_slice() {
        [one] => {
            // The modifier may be written without a space.
            let text = one.text.as_str();
            let modifier = ["~*", "^~", "=", "~"]
                .into_iter()
                .find(|modifier| text.starts_with(modifier));
            match modifier {
                Some(modifier) => (modifier, text[modifier.len()..].to_string()),
                None => ("", text.to_string()),
            }
        }
        [modifier, path, ..] => (modifier.text.as_str(), path.text.clone()),
        [] => ("", String::new()),
    };
    match modifier {
        "=" => Match::Exact(rest),
        "^~" => Match::Prefix(rest, true),
        "~" => Match::Regex(Expression::new(&rest, false)),
        "~*" => Match::Regex(Expression::new(&rest, true)),
        _ if rest.starts_with('@') => Match::Named(rest),
        _ => Match::Prefix(rest, false),
    }
}
