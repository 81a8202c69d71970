//! Pictures that were drawn, for the other channels: a message's are the same for all of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::Draw;
use crate::actions::notify::channel::Picture;
use crate::core::alarm::message::{Message, PictureKind};

/// Pictures that are kept: of the last few messages, some 100 kB each.
const PICTURES_MAX: usize = 8;

/// Where a picture is, once somebody has drawn it.
type Place = Arc<Mutex<Option<Picture>>>;

/// A message's id and node, what is shown, and the picture.
type Hung = (String, PictureKind, Place);

/// Draws each picture once. Who asks for one that is being drawn waits for it; what could not be drawn
/// is tried anew by the next who asks.
pub(super) fn once(draw: Draw) -> Draw {
    let gallery: Mutex<VecDeque<Hung>> = Mutex::default();
    Arc::new(move |kind: PictureKind, message: &Message| {
        let place = place(&gallery, kind, message);
        let mut picture = place.lock().unwrap_or_else(PoisonError::into_inner);
        if picture.is_none() {
            *picture = draw(kind, message);
        }
        picture.clone()
    })
}

fn place(gallery: &Mutex<VecDeque<Hung>>, kind: PictureKind, message: &Message) -> Place {
    let mut gallery = gallery.lock().unwrap_or_else(PoisonError::into_inner);
    // Two nodes may have messages of one id.
    let name = format!("{} of {}", message.id, message.node);
    let hung = gallery.iter().find(|(id, of, _)| *id == name && *of == kind);
    if let Some((.., place)) = hung {
        return Arc::clone(place);
    }
    if gallery.len() == PICTURES_MAX {
        gallery.pop_front();
    }
    let place = Place::default();
    gallery.push_back((name, kind, Arc::clone(&place)));
    place
}
