// SPDX-License-Identifier: Apache-2.0
//! Files of a ceremony that are read, and those that are refused.

use super::{read, Ceremony, GENUINE, SMALL, WHOLE};
use crate::{BeaconError, NameError, PointError, ReadError, Silent};
use pvs_primitives::hash::blake2_256;
use std::{fs, sync::LazyLock};

/// As small as files with contributors and a beacon are.
static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
	let start = Ceremony::start(&SMALL.circuit(), &read(GENUINE, 4), &Silent).unwrap();
	start.by("Alice").with_beacon().to_bytes()
});

fn refusal(bytes: &[u8]) -> ReadError {
	Ceremony::from_bytes(bytes, &Silent).unwrap_err()
}

/// The file with a change before the checksum, and the checksum made again.
fn resealed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
	let mut content = FILE[..FILE.len() - 32].to_vec();
	change(&mut content);
	let checksum = blake2_256(&[&content]);
	content.extend(checksum);
	content
}

/// Places and first bytes of the parts with points, for 5 instance variables, 10 private ones, domain
/// 2^4.
fn places() -> [(&'static str, usize, usize); 10] {
	let mut start = 16 + 64 + 16;
	[
		("alpha G1", 64, 1),
		("beta G1", 64, 1),
		("beta G2", 128, 1),
		("delta G2", 128, 1),
		("the IC", 64, 5),
		("the a query", 64, 15),
		("the b query in G1", 64, 15),
		("the b query in G2", 128, 15),
		("the h query", 64, 15),
		("the l query", 64, 10),
	]
	.map(|(place, size, count)| {
		let first = start;
		start += size * count;
		(place, first, size)
	})
}

fn first_contribution() -> usize {
	places()[9].1 + 10 * 64
}

#[test]
fn file_should_round_trip() {
	for ceremony in [WHOLE.clone(), Ceremony::from_bytes(&FILE, &Silent).unwrap()] {
		let bytes = ceremony.to_bytes();
		assert_eq!(Ceremony::from_bytes(&bytes, &Silent).unwrap(), ceremony);
	}
	let dir = tempfile::tempdir().unwrap();
	let path = dir.path().join("0002.pvsc");
	fs::write(&path, FILE.as_slice()).unwrap();
	assert_eq!(Ceremony::from_file(&path, &Silent).unwrap().to_bytes(), *FILE);
}

#[test]
fn file_should_be_refused_when_truncated() {
	for length in 0..FILE.len() {
		let refused = refusal(&FILE[..length]);
		let is_right = match length {
			0..16 => matches!(refused, ReadError::Magic),
			_ => matches!(refused, ReadError::Truncated { .. }),
		};
		assert!(is_right, "{length}: {refused}");
	}
}

#[test]
fn file_should_be_refused_when_extended() {
	let longer = [&FILE[..], &[0]].concat();
	assert!(matches!(refusal(&longer), ReadError::TrailingBytes(1)));
	let within = resealed(|content| content.push(0));
	assert!(matches!(refusal(&within), ReadError::TrailingBytes(1)));
}

#[test]
fn file_should_be_refused_when_any_byte_is_changed() {
	for position in 0..FILE.len() {
		let mut damaged = FILE.clone();
		damaged[position] ^= 1;
		refusal(&damaged);
	}
	let mut damaged = FILE.clone();
	damaged[5_000] ^= 1;
	assert!(matches!(refusal(&damaged), ReadError::Checksum));
}

#[test]
fn file_should_be_refused_when_a_point_is_bad_wherever_it_is() {
	for (wrong, first, size) in places() {
		let bad = resealed(|content| content[first..first + size].fill(0xff));
		match refusal(&bad) {
			ReadError::Point { place, index: 0, error: PointError::NotCanonical } => {
				assert_eq!(place, wrong);
			},
			other => panic!("{wrong}: {other}"),
		}
	}
	// Kind, length, "Alice", then the points.
	let points = first_contribution() + 2 + 5;
	for (part, offset) in [("factor", 0), ("delta", 64), ("proof", 128)] {
		let bad = resealed(|content| content[points + offset..][..32].fill(0xff));
		let refused = refusal(&bad).to_string();
		assert!(refused.contains(&format!("contribution 1's {part}")), "{refused}");
	}
}

#[test]
fn file_should_be_refused_when_delta_or_what_it_divides_is_zero() {
	let points = first_contribution() + 2 + 5;
	let h = places()[8].1;
	let zeros =
		[(places()[3].1, 128), (h, 64), (points, 64), (points + 64, 64), (points + 128, 128)];
	for (first, size) in zeros {
		let zero = resealed(|content| content[first..first + size].fill(0));
		let refused = refusal(&zero);
		let is_identity = matches!(refused, ReadError::Point { error: PointError::Identity, .. });
		assert!(is_identity, "byte {first}: {refused}");
	}
}

#[test]
fn file_should_be_refused_when_a_size_or_a_contribution_is_impossible() {
	let sizes = 16 + 64;
	let with = |position: usize, bytes: &[u8]| {
		refusal(&resealed(|content| {
			content[position..position + bytes.len()].copy_from_slice(bytes);
		}))
	};
	for (position, value) in [(sizes, 0u32), (sizes, 29), (sizes + 4, 0), (sizes + 4, 17)] {
		assert!(matches!(with(position, &value.to_le_bytes()), ReadError::Size { .. }));
	}
	assert!(matches!(with(sizes + 8, &[0xff; 4]), ReadError::Size { .. }));
	assert!(matches!(with(sizes + 8, &(1u32 << 28).to_le_bytes()), ReadError::Truncated { .. }));
	// The checksum, which differs each time, is read as a third contribution.
	let more = with(sizes + 12, &[0xff; 4]);
	assert!(matches!(more, ReadError::Truncated { .. } | ReadError::Kind { number: 3, .. }));
	let first = first_contribution();
	assert!(matches!(with(first, &[2]), ReadError::Kind { number: 1, kind: 2 }));
	let control = with(first + 2, b"\x1b");
	assert!(matches!(control, ReadError::Name { number: 1, error: NameError::Control }));
	let not_text = with(first + 2, &[0xff]);
	assert!(matches!(not_text, ReadError::Name { number: 1, error: NameError::Encoding }));
	// Kind, length, "beacon", iterations.
	let iterations = first + 2 + 5 + 256 + 2 + 6;
	let too_many = with(iterations, &[33]);
	let expected = BeaconError::Iterations(33);
	assert!(matches!(too_many, ReadError::Beacon { number: 2, error } if error == expected));
}

#[test]
fn names_and_beacons_should_be_refused_when_out_of_range() {
	let long = "a".repeat(65);
	assert_eq!(long.parse::<crate::Name>(), Err(NameError::TooLong(65)));
	assert_eq!("a\nb".parse::<crate::Name>(), Err(NameError::Control));
	assert!("a".repeat(64).parse::<crate::Name>().is_ok());
	for length in [0, 15, 129] {
		assert_eq!(crate::Beacon::new(vec![1; length], 10), Err(BeaconError::Length(length)));
	}
	for iterations in [9, 33] {
		let refused = crate::Beacon::new(vec![1; 32], iterations);
		assert_eq!(refused, Err(BeaconError::Iterations(iterations)));
	}
}

#[test]
fn file_should_be_refused_before_it_is_read_when_it_is_another() {
	let dir = tempfile::tempdir().unwrap();
	let path = dir.path().join("other");
	fs::write(&path, GENUINE).unwrap();
	assert!(matches!(Ceremony::from_file(&path, &Silent), Err(ReadError::Magic)));
	let missing = Ceremony::from_file(&dir.path().join("missing"), &Silent);
	assert!(matches!(missing, Err(ReadError::Io(_))));
}
