//! Words alone: a head's scores of every word with every other, and what it writes.

use super::{TOLERANCE, alone, folded, head, matrix, model, reference, words};
use crate::fixtures::{Folder, RANDOM, assert_close, integers, strings, tokens};
use crate::test;
use candle_core::IndexOp;
use headscope::circuits::words::{SHUFFLES, by_category, shuffle_test};
use headscope::circuits::{CategoryContrast, CircuitError, Spectrum, Word, single_words, words_alone};
use headscope::model::{Depth, Need, NoHooks};
use headscope::prompts::WordTable;
use headscope::study::{Uninterrupted, stats};
use headscope::tokens::BOS;

#[test]
fn the_words_are_those_of_one_token_and_their_matrices_the_references() {
    let (model, _) = model();
    let alone = alone(&model);
    let theirs = &reference()["words_alone"];
    let texts: Vec<&str> = alone.words.iter().map(|word| word.word.as_str()).collect();
    assert_eq!(texts, strings(&theirs["words"]));
    assert_eq!(alone.categories(), integers(&theirs["categories"]));
    let ids: Vec<usize> = alone.words.iter().map(|word| word.id as usize).collect();
    assert_eq!(ids, integers(&theirs["token_ids"]));
    let close = |name: &str, ours: &[Vec<f64>]| {
        assert_close(name, &ours.concat(), &matrix(&theirs[name]), TOLERANCE);
    };
    close("qk", &alone.qk);
    close("qk_symmetric", &alone.qk_symmetric);
    close("qk_skew", &alone.qk_skew);
    close("ov_direct", alone.ov_direct.as_ref().unwrap());
    close("qk_negatives_scaled_by_0", &alone.steered(0.0));
    close("qk_negatives_scaled_by_-1", &alone.steered(-1.0));
    assert_eq!(alone.steered(1.0), alone.qk);
}

#[test]
fn a_words_scores_are_those_of_its_query_in_the_model() {
    // Three words' queries and keys by the model's own hooks, biases and all.
    use headscope::model::{ActivationCache, HookPoint};
    let (model, _) = model();
    let alone = alone(&model);
    let (layer, head) = (head().layer, head().head);
    let at = |word: usize| {
        let ids = [vec![BOS, alone.words[word].id]];
        pollster::block_on(async {
            let mut resid = model.embed(&ids, &NoHooks).await.unwrap();
            for l in 0..layer {
                resid = model.block(l, &resid, &NoHooks).await.unwrap();
            }
            let points = [HookPoint::Q(layer), HookPoint::K(layer)];
            let recorder = ActivationCache::of(&points);
            model.block(layer, &resid, &recorder).await.unwrap();
            let seen = recorder.into_activations();
            points.map(|point| seen[&point].i((0, 1, head)).unwrap().to_vec1::<f32>().unwrap())
        })
    };
    for (q, k) in [(0, 5), (5, 0), (17, 17)] {
        let ([query, _], [_, key]) = (at(q), at(k));
        let score: f32 = query.iter().zip(&key).map(|(q, k)| q * k).sum::<f32>() / 8.0_f32.sqrt();
        assert_close("score", &[alone.qk[q][k]], &[score.into()], 1e-5);
    }
}

#[test]
fn symmetric_and_skew_part_make_up_the_scores_without_biases() {
    let (model, _) = model();
    let alone = alone(&model);
    let n = alone.words.len();
    let bare = |i: usize, j: usize| alone.qk_symmetric[i][j] + alone.qk_skew[i][j];
    // What the biases add has no term of both words.
    for (i, j) in (0..n).flat_map(|i| (0..n).map(move |j| (i, j))) {
        let of_both = alone.qk[i][j] - alone.qk[i][0] - alone.qk[0][j] + alone.qk[0][0];
        let bare_of_both = bare(i, j) - bare(i, 0) - bare(0, j) + bare(0, 0);
        assert!((of_both - bare_of_both).abs() < 1e-9);
        assert!((alone.qk_symmetric[i][j] - alone.qk_symmetric[j][i]).abs() < 1e-12);
        assert!((alone.qk_skew[i][j] + alone.qk_skew[j][i]).abs() < 1e-12);
    }
}

#[test]
fn words_take_no_more_than_the_pattern_and_a_few_rows() {
    let folder = Folder::open(RANDOM);
    let need = Need {
        tokens: words().iter().map(|word| word.id).chain([BOS]).collect(),
        positions: 2,
        depth: Depth::Pattern(head().layer),
        direct: None,
    };
    let mut model = headscope::model::Gpt2::empty(folder.config.clone());
    let load = |model: &mut headscope::model::Gpt2, parts: Vec<headscope::weights::Part>| {
        let manifest = headscope::weights::Manifest::default();
        crate::fixtures::load(
            &folder.source,
            &crate::fixtures::NO_STORE,
            &folder.index,
            &manifest,
            &parts,
            |p, x| {
                model.insert(&p, x).unwrap();
            },
        )
        .unwrap();
    };
    let parts = model.missing(&need);
    load(&mut model, parts);
    let run = |model: &headscope::model::Gpt2| {
        let folded = folded(model, head());
        let spectrum = Spectrum::of(&folded).unwrap();
        pollster::block_on(words_alone(model, BOS, &words(), &folded, &spectrum, &Uninterrupted)).unwrap()
    };
    let without = run(&model);
    assert_eq!(without.ov_direct, None);
    let need = Need { direct: Some(head().layer), ..need };
    let parts = model.missing(&need);
    let names: Vec<&str> = parts.iter().map(|part| part.tensor.as_str()).collect();
    assert_eq!(names, ["ln_f.weight", "h.2.attn.c_proj.weight", "h.2.attn.c_proj.bias"]);
    load(&mut model, parts);
    assert_eq!(model.missing(&need), []);
    let with = run(&model);
    let theirs = matrix(&reference()["words_alone"]["ov_direct"]);
    assert_close("ov_direct", &with.ov_direct.unwrap().concat(), &theirs, TOLERANCE);
    assert_eq!(with.qk, without.qk);
}

#[test]
fn contrasts_are_means_over_the_cells_that_they_name() {
    let (model, _) = model();
    let alone = alone(&model);
    let categories = alone.categories();
    let contrasts = by_category(&alone.qk, &categories);
    assert_eq!(contrasts.iter().map(|c| c.category).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    for contrast in &contrasts {
        let (mut diagonal, mut inside, mut outside) = (Vec::new(), Vec::new(), Vec::new());
        for (i, row) in alone.qk.iter().enumerate().filter(|(i, _)| categories[*i] == contrast.category) {
            for (j, &value) in row.iter().enumerate() {
                match (i == j, categories[i] == categories[j]) {
                    (true, _) => diagonal.push(value),
                    (_, true) => inside.push(value),
                    _ => outside.push(value),
                }
            }
        }
        let ours = [contrast.diagonal, contrast.inside.unwrap(), contrast.outside.unwrap()];
        let theirs = [&diagonal, &inside, &outside].map(|cells| stats::mean(cells));
        assert_close("means", &ours, &theirs, 1e-12);
        assert_close("difference", &[contrast.self_minus_category.unwrap()], &[theirs[0] - theirs[1]], 1e-12);
        assert_eq!(contrast.words, diagonal.len());
        assert!(contrast.spread.unwrap() > 0.0);
    }
    // One word has no other of its category, and one category no others.
    let lone = by_category(&[vec![2.0, 1.0], vec![0.0, 4.0]], &[3, 1]);
    let wanted = |category, diagonal, outside| CategoryContrast {
        category,
        words: 1,
        diagonal,
        inside: None,
        outside: Some(outside),
        self_minus_category: None,
        spread: None,
    };
    assert_eq!(lone, [wanted(1, 4.0, 0.0), wanted(3, 2.0, 1.0)]);
    assert_eq!(by_category(&[vec![2.0, 1.0], vec![0.0, 4.0]], &[1, 1])[0].outside, None);
}

#[test]
fn shuffles_find_what_is_there_and_nothing_where_there_is_nothing() {
    let test = |matrix: &[Vec<f64>], categories: &[usize]| {
        pollster::block_on(shuffle_test(matrix, categories, &Uninterrupted))
    };
    let categories: Vec<usize> = (0..24).map(|word| word / 6).collect();
    let square = |cell: &dyn Fn(usize, usize) -> f64| -> Vec<Vec<f64>> {
        (0..24).map(|i| (0..24).map(|j| cell(i, j)).collect()).collect()
    };
    let noise = |i: usize, j: usize| ((i * 31 + j * 17) % 23) as f64 / 23.0;
    // Words look for their category, and are held off themselves.
    let planted = square(&|i, j| noise(i, j) + if i == j { -3.0 } else { f64::from(i / 6 == j / 6) * 2.0 });
    let found = test(&planted, &categories).unwrap();
    assert_eq!(found.shuffles, SHUFFLES);
    assert!((found.inside_minus_outside - 2.0).abs() < 0.2 && (found.self_minus_category + 5.0).abs() < 0.5);
    let least = 1.0 / (SHUFFLES + 1) as f64;
    assert_eq!((found.inside_minus_outside_p, found.self_minus_category_p), (least, least));
    assert!(found.inside_minus_outside_chance.abs() < 0.1);
    let nothing = test(&square(&noise), &categories).unwrap();
    assert!(nothing.inside_minus_outside_p > 0.05 && nothing.self_minus_category_p > 0.05, "{nothing:?}");
    assert_eq!(test(&planted, &categories).unwrap(), found, "the seed is fixed");
    // The random model's head knows nothing of categories.
    let (model, _) = model();
    let alone = alone(&model);
    let chance = test(&alone.qk, &alone.categories()).unwrap();
    assert!(chance.inside_minus_outside_p > 0.01, "{chance:?}");
    for categories in [vec![0; 24], (0..24).collect()] {
        assert!(matches!(test(&planted, &categories), Err(CircuitError::Nothing)));
    }
}

#[test]
fn tables_of_too_many_words_or_of_none_are_refused() {
    let (model, _) = model();
    let folded = folded(&model, head());
    let spectrum = Spectrum::of(&folded).unwrap();
    let run = |words: &[Word]| {
        pollster::block_on(words_alone(&model, BOS, words, &folded, &spectrum, &Uninterrupted))
    };
    assert!(matches!(run(&[]), Err(CircuitError::Nothing)));
    let many = vec![words()[0].clone(); 1001];
    assert!(matches!(run(&many), Err(CircuitError::TooManyWords { words: 1001, .. })));
    let split = WordTable::from_csv("motorbike,dog").unwrap();
    let left: Vec<String> =
        single_words(&split, tokens()).unwrap().into_iter().map(|word| word.word).collect();
    assert_eq!(left, ["dog"]);
}
