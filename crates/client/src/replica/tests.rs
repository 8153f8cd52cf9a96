// SPDX-License-Identifier: Apache-2.0
use super::*;
use pvs_primitives::api::BatchId;

/// A number to which batches add; a batch of other than one byte is invalid.
#[derive(Clone, Debug, PartialEq)]
struct Sum(u8);

impl RollupState for Sum {
	fn root(&self) -> Bytes32 {
		[self.0; 32]
	}

	fn execute(&mut self, data: &[u8]) -> Result<(), String> {
		let [add] = data else { return Err(format!("{} bytes", data.len())) };
		self.0 = self.0.checked_add(*add).ok_or("too big")?;
		Ok(())
	}
}

fn commit(previous: u8, add: u8, next: u8) -> Commit {
	let (prev_state_root, next_state_root) = ([previous; 32], [next; 32]);
	Commit { rollup: 0, data: vec![add], prev_state_root, next_state_root }
}

#[test]
fn batch_should_be_applied_to_the_state_it_builds_on() {
	let mut replica = Replica::new(0, Sum(10));
	assert_eq!(replica.apply(&[10; 32], &[5]).unwrap(), [15; 32]);
	assert_eq!(replica.apply(&[15; 32], &[1]).unwrap(), [16; 32]);
	assert_eq!(replica.apply(&[10; 32], &[2]).unwrap(), [12; 32], "a second child");
	assert_eq!(replica.state(&[15; 32]), Some(&Sum(15)));
}

#[test]
fn batch_should_be_refused_when_it_is_invalid_or_its_state_unknown() {
	let mut replica = Replica::new(0, Sum(10));
	let error = replica.apply(&[11; 32], &[5]).unwrap_err();
	assert!(matches!(error, ReplicaError::UnknownState { root } if root == [11; 32]));
	let error = replica.apply(&[10; 32], &[1, 2]).unwrap_err();
	assert!(matches!(error, ReplicaError::Invalid(reason) if reason == "2 bytes"));
	assert_eq!(replica.state(&[10; 32]), Some(&Sum(10)), "the old state is untouched");
}

#[test]
fn commits_should_be_absorbed_when_they_lead_to_their_root() {
	let mut replica = Replica::new(0, Sum(10));
	assert!(replica.absorb(1, &commit(10, 5, 15)).unwrap());
	assert!(!replica.absorb(1, &commit(10, 5, 99)).unwrap(), "a wrong root leads nowhere");
	assert!(!replica.absorb(1, &commit(99, 5, 104)).unwrap(), "nor does an unknown state");
	assert!(replica.absorb(1, &commit(10, 7, 17)).unwrap(), "a batch on an older state");
	assert!(replica.absorb(1, &commit(17, 1, 18)).unwrap());
	assert!(replica.absorb(1, &commit(18, 0, 18)).unwrap(), "known already");
	assert_eq!(replica.states.len(), 4);
	assert_eq!(replica.state(&[99; 32]), None);
}

#[test]
fn commit_should_be_tried_again_when_its_execution_failed() {
	#[derive(Clone)]
	struct Outage {
		sum: Sum,
		is_over: bool,
	}
	impl RollupState for Outage {
		fn root(&self) -> Bytes32 {
			self.sum.root()
		}
		fn execute(&mut self, data: &[u8]) -> Result<(), String> {
			self.is_over.then_some(()).ok_or("away")?;
			self.sum.execute(data)
		}
		fn has_failed(&self) -> bool {
			!self.is_over
		}
	}
	let mut replica = Replica::new(0, Outage { sum: Sum(10), is_over: false });
	let failed = |error| matches!(error, ReplicaError::Failed(reason) if reason == "away");
	assert!(failed(replica.absorb(1, &commit(10, 5, 15)).unwrap_err()));
	assert!(failed(replica.apply(&[10; 32], &[5]).unwrap_err()));
	replica = Replica::new(0, Outage { sum: Sum(10), is_over: true });
	assert!(replica.absorb(1, &commit(10, 5, 15)).unwrap());
	let error = replica.apply(&[15; 32], &[]).unwrap_err();
	assert!(matches!(error, ReplicaError::Invalid(_)), "{error}");
}

#[test]
fn old_states_should_be_forgotten_when_a_later_one_is_final() {
	let mut replica = Replica::new(0, Sum(1));
	for add in 1..4 {
		let tip = replica.states.last().unwrap().root;
		replica.apply(&tip, &[add]).unwrap();
	}
	replica.forget_before(&[4; 32]);
	assert_eq!(replica.states.iter().map(|kept| kept.state.0).collect::<Vec<_>>(), [4, 7]);
	replica.forget_before(&[200; 32]);
	assert_eq!(replica.states.len(), 2, "an unknown root forgets nothing");
}

#[test]
fn replica_should_go_on_from_a_later_state() {
	let mut replica = Replica::resume(0, Sum(15), 7);
	assert_eq!(replica.next_block, 7);
	assert_eq!(replica.apply(&[15; 32], &[2]).unwrap(), [17; 32]);
	assert!(!replica.absorb(1, &commit(10, 5, 20)).unwrap(), "nothing before it is known");
}

#[test]
fn state_should_be_handed_out_without_a_copy_and_outlive_the_replica() {
	let mut replica = Replica::new(0, Sum(1));
	replica.apply(&[1; 32], &[3]).unwrap();
	let (one, again) = (replica.shared(&[1; 32]).unwrap(), replica.shared(&[1; 32]).unwrap());
	assert!(Arc::ptr_eq(&one, &again));
	replica.forget_before(&[4; 32]);
	assert_eq!((replica.shared(&[1; 32]), &*one), (None, &Sum(1)));
}

/// A number of 32 bits to which batches of four bytes add.
#[derive(Clone, Debug)]
struct Wide(u32);

impl RollupState for Wide {
	fn root(&self) -> Bytes32 {
		wide(self.0)
	}

	fn execute(&mut self, data: &[u8]) -> Result<(), String> {
		let add = data.try_into().map_err(|_| "no number")?;
		self.0 = self.0.checked_add(u32::from_le_bytes(add)).ok_or("too big")?;
		Ok(())
	}
}

fn wide(number: u32) -> Bytes32 {
	let mut root = [0; 32];
	root[..4].copy_from_slice(&number.to_le_bytes());
	root
}

fn step(previous: u32, next: u32) -> Commit {
	let data = (next - previous).to_le_bytes().to_vec();
	let (prev_state_root, next_state_root) = (wide(previous), wide(next));
	Commit { rollup: 0, data, prev_state_root, next_state_root }
}

/// Block n commits the batches `blocks[n - 1]`, from index `first` on.
async fn replay_from(
	replica: &mut Replica<Wide>,
	first: BatchIndex,
	blocks: &[Vec<Commit>],
	wanted: u32,
) -> Result<(), ReplicaError> {
	let until = u32::try_from(blocks.len()).unwrap();
	let mut indices = first..;
	let mut named = |call: &Commit| {
		let batch = BatchId { rollup: 0, index: indices.next().unwrap() };
		Committed { batch, calls: vec![call.clone()] }
	};
	let named: Vec<Vec<Committed>> =
		blocks.iter().map(|block| block.iter().map(&mut named).collect()).collect();
	let read = |first: BlockNumber| {
		let numbered = (1..).zip(named.clone()).filter(move |(number, _)| *number >= first);
		stream::iter(numbered.map(Ok).collect::<Vec<_>>())
	};
	replica.replay(read, &wide(wanted), until, until, |done, all| assert!(done <= all)).await
}

async fn replay(
	replica: &mut Replica<Wide>,
	blocks: &[Vec<Commit>],
	wanted: u32,
) -> Result<(), ReplicaError> {
	replay_from(replica, 0, blocks, wanted).await
}

#[tokio::test]
async fn replay_should_lead_to_the_wanted_state_and_read_blocks_once() {
	let mut replica = Replica::new(0, Wide(0));
	let blocks = [vec![step(0, 1)], vec![], vec![step(1, 3), step(7, 9)]];
	replay(&mut replica, &blocks, 3).await.unwrap();
	assert_eq!((replica.next_block, replica.states.len()), (4, 3));
	replay(&mut replica, &[], 1).await.unwrap();
	let error = replay(&mut replica, &blocks, 9).await.unwrap_err();
	assert!(matches!(error, ReplicaError::UnknownState { root } if root == wide(9)));
}

#[tokio::test]
async fn replay_should_say_which_batch_no_header_names() {
	let blocks = [vec![], vec![step(2, 3)], vec![step(3, 5)]];
	let unnamed = |error: ReplicaError| match error {
		ReplicaError::NoDigest { rollup: 0, index } => index,
		other => panic!("{other}"),
	};
	// The first two batches are of an older runtime, or all of them.
	let mut replica = Replica::new(0, Wide(0));
	let error = replay_from(&mut replica, 2, &blocks, 5).await.unwrap_err();
	assert_eq!(unnamed(error), 0);
	let error = replay(&mut Replica::new(0, Wide(0)), &[vec![], vec![]], 5).await.unwrap_err();
	assert_eq!(unnamed(error), 0);
	// From a later state they are not needed.
	let mut replica = Replica::resume(0, Wide(2), 1);
	replay_from(&mut replica, 2, &blocks, 5).await.unwrap();
	assert_eq!(replica.next_index, Some(4));
	let blocks = [&blocks[..], &[vec![step(6, 7)]]].concat();
	let error = replay_from(&mut replica, 2, &blocks, 7).await.unwrap_err();
	assert!(matches!(error, ReplicaError::UnknownState { .. }), "all are named: {error}");
}

#[tokio::test]
async fn replay_should_go_on_when_the_data_of_a_batch_cannot_be_read() {
	let mut replica = Replica::new(0, Wide(0));
	let named = |index: BatchIndex, calls: Vec<Commit>| {
		let batch = BatchId { rollup: 0, index };
		Committed { batch, calls }
	};
	let read = |_| {
		// The second one cannot be read; the third has its data twice, once with a wrong root.
		let third = vec![Commit { next_state_root: wide(9), ..step(1, 3) }, step(1, 3)];
		let batches = vec![named(0, vec![step(0, 1)]), named(1, vec![]), named(2, third)];
		stream::iter([Ok((1, batches))])
	};
	replica.replay(read, &wide(3), 1, 1, |_, _| {}).await.unwrap();
}

#[tokio::test]
async fn replay_should_find_its_way_when_many_batches_end_without_a_proof() {
	// More batches than states are kept, all on the newest final state, before each that is proven.
	let many = u32::try_from(2 * MAX_STATES).unwrap();
	let lost = |previous: u32| (0..many).map(move |at| step(previous, 1_000_000 + at));
	let block = |tip: u32| -> Vec<Commit> { lost(tip).chain([step(tip, tip + 1)]).collect() };
	let mut blocks: Vec<Vec<Commit>> = (0..4).map(block).collect();
	let mut replica = Replica::new(0, Wide(0));
	replay(&mut replica, &blocks, 4).await.unwrap();
	assert!(replica.states.len() <= MAX_STATES);
	assert_eq!(replica.states[0].root, wide(0), "the first one stays");
	// As many are pending as a chain allows, again and again, and the first of them fails.
	for fork in 1..8 {
		let numbers = [4].into_iter().chain(fork * 100..fork * 100 + 63).collect::<Vec<_>>();
		blocks.push(numbers.windows(2).map(|pair| step(pair[0], pair[1])).collect());
	}
	blocks.push(block(4));
	replay(&mut replica, &blocks, 5).await.unwrap();
	assert_eq!(replica.next_block, 13);
}

#[tokio::test]
async fn replay_should_start_over_from_the_first_state_when_one_was_forgotten() {
	let mut replica = Replica::new(0, Wide(0));
	let mut blocks = vec![vec![step(0, 1)], vec![step(1, 2)]];
	replay(&mut replica, &blocks, 2).await.unwrap();
	replica.forget_before(&wide(1));
	assert_eq!((replica.states[0].root, replica.states[0].since), (wide(1), 1));
	for at in 0..2 * u32::try_from(MAX_STATES).unwrap() {
		replica.apply(&wide(1), &(1_000 + at).to_le_bytes()).unwrap();
	}
	assert!(replica.state(&wide(2)).is_none() && replica.has_gaps);
	blocks.push(vec![step(2, 3)]);
	replay(&mut replica, &blocks, 3).await.unwrap();
}

#[test]
fn states_should_stay_bounded_when_many_are_applied() {
	let mut replica = Replica::new(0, Wide(0));
	let mut tip = wide(0);
	for _ in 0..2 * MAX_STATES {
		tip = replica.apply(&tip, &1u32.to_le_bytes()).unwrap();
	}
	assert_eq!(replica.states.len(), MAX_STATES);
	assert!(replica.state(&tip).is_some());
	assert!(replica.state(&wide(0)).is_some(), "from which all others can be had again");
}
