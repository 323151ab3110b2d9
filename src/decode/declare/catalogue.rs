//! All declared profiles that are loaded, beside the standard decoders.

use super::{Body, Characteristic, Declared, DeviceProfile};
use crate::config::document::Faults;
use crate::decode::{
    DecodeError, Device, Identity, Profile, Quantity, Reading, decode_as, identity, is_known, profile,
};
use crate::types::CharUuid;

/// The profiles that come with the hub, and how their files are called.
const SHIPPED: [(&str, &str); 6] = [
    ("tindeq-progressor.toml", include_str!("../../../config/profiles/tindeq-progressor.toml")),
    ("repetition-counter.toml", include_str!("../../../config/profiles/repetition-counter.toml")),
    ("breathing-trainer.toml", include_str!("../../../config/profiles/breathing-trainer.toml")),
    ("goniometer.toml", include_str!("../../../config/profiles/goniometer.toml")),
    ("polar-pmd.toml", include_str!("../../../config/profiles/polar-pmd.toml")),
    ("movesense.toml", include_str!("../../../config/profiles/movesense.toml")),
];

/// Standard decoders and declared profiles together.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    profiles: Vec<DeviceProfile>,
    /// Whether one declares a characteristic with a 16-bit number.
    declares_short: bool,
}

impl Catalogue {
    /// The standard decoders only.
    #[must_use]
    pub const fn empty() -> Self {
        Self { profiles: Vec::new(), declares_short: false }
    }

    /// With the profiles that come with the hub.
    ///
    /// # Errors
    /// The faults of each one that is refused; the others are loaded all the same. A test holds that there are none.
    #[must_use]
    pub fn shipped() -> (Self, Vec<Faults>) {
        let mut catalogue = Self::empty();
        let files = SHIPPED.iter().map(|(name, text)| catalogue.add(name, text));
        let faults = files.filter_map(Result::err).collect();
        (catalogue, faults)
    }

    /// Adds a profile. One for a service that another profile has takes its place: a site's file outranks ours.
    /// `path` is only named in faults.
    ///
    /// # Errors
    /// Every fault with line, column and reason; the catalogue is then as before.
    pub fn add(&mut self, path: &str, text: &str) -> Result<(), Faults> {
        let added = DeviceProfile::parse(path, text)?;
        self.profiles.retain(|profile| profile.service != added.service);
        self.declares_short |= added.characteristics().any(|uuid| uuid.short().is_some());
        self.profiles.push(added);
        Ok(())
    }

    /// The profiles, for subscribing and for the commands to write.
    #[must_use]
    pub fn profiles(&self) -> &[DeviceProfile] {
        &self.profiles
    }

    /// Decodes one packet, by a standard decoder or a declared profile.
    ///
    /// # Errors
    /// When the bytes are not a value of `characteristic`, or neither knows it.
    pub fn decode<'a>(
        &'a self,
        device: &Device,
        characteristic: CharUuid,
        bytes: &'a [u8],
    ) -> Result<Reading<'a>, DecodeError> {
        match self.find(characteristic) {
            Some(declared) => Declared::read(declared, bytes).map(Reading::Declared),
            None => decode_as(device, characteristic, bytes),
        }
    }

    /// What is known of `characteristic`, as [`profile`].
    #[must_use]
    pub fn profile(&self, characteristic: CharUuid) -> Profile {
        self.find(characteristic).map_or_else(
            || profile(characteristic),
            |found| Profile { name: found.name, class: found.class, clock: found.clock },
        )
    }

    /// Whether something here decodes `characteristic`, as [`is_known`].
    #[must_use]
    pub fn is_known(&self, characteristic: CharUuid) -> bool {
        self.find(characteristic).is_some() || is_known(characteristic)
    }

    /// The identity of a record, as [`identity`]. For a declared one: the whole payload, once the fields that the
    /// profile names are there.
    #[must_use]
    pub fn identity<'a>(&self, characteristic: CharUuid, bytes: &'a [u8]) -> Option<Identity<'a>> {
        let Some(declared) = self.find(characteristic) else { return identity(characteristic, bytes) };
        let reading = Declared::read(declared, bytes).ok()?;
        reading.has_identity().then_some(Identity { bytes, within: None })
    }

    /// The quantities that a declared profile shows only inside records of `characteristic`, where a value goes by its
    /// name alone: whoever passes such records on says their units beside them.
    pub fn record_quantities(&self, characteristic: CharUuid) -> impl Iterator<Item = &'static Quantity> {
        let steps = self.find(characteristic).into_iter().flat_map(|found| &found.steps);
        let parts = steps.flat_map(|step| match &step.body {
            Body::Repeat(_, parts) => parts.as_slice(),
            Body::Value(_) => &[],
        });
        parts.filter_map(|part| part.quantity)
    }

    fn find(&self, characteristic: CharUuid) -> Option<&Characteristic> {
        // Standard ones are never declared, and hardly any other number of the Bluetooth SIG is.
        if self.profiles.is_empty() || characteristic.short().is_some() && !self.declares_short {
            return None;
        }
        self.profiles.iter().flat_map(|profile| &profile.characteristics).find(|c| c.uuid == characteristic)
    }
}
